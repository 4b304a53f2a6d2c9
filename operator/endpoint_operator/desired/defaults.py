"""What the installation decides for every endpoint; the chart sets it through the operator's environment."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Resources:
    """Requests and limits of one of our containers, as Kubernetes quantities; an empty one is left out."""

    cpu_request: str = "50m"
    memory_request: str = "64Mi"
    cpu_limit: str = ""
    memory_limit: str = "256Mi"


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
