"""What the installation decides for every endpoint; the chart sets it through the operator's environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Resources:
    """Requests and limits of one of our containers: Kubernetes quantities by resource."""

    requests: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Defaults:
    """``model_image`` serves the variants that name none. An empty ``image_pull_policy`` leaves it to
    Kubernetes."""

    router_image: str
    loader_image: str
    model_image: str
    image_pull_policy: str = ""
    router_resources: Resources = field(default_factory=Resources)
    loader_resources: Resources = field(default_factory=Resources)
    loader_cache_host_path: str = ""
    """Directory of each node in which the loaders share what they fetch; empty means that they do not."""
    loader_cache_size: str = "20Gi"
