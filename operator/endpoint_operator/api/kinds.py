"""How the two kinds are called in the API."""

from dataclasses import dataclass

from endpoint_contract import labels

GROUP = labels.DOMAIN
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
CATEGORY = labels.MANAGER
SCHEMA_REVISION = f"{GROUP}/schema-revision"
"""Annotation of a CRD: which schema it carries, so that an operator notices an older one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The names of one kind; ``plural`` is the one in URLs."""

    kind: str
    singular: str
    plural: str
    short_name: str

    @property
    def crd_name(self) -> str:
        """Name of the CustomResourceDefinition, which is also its file's."""
        return f"{self.plural}.{GROUP}"


ENDPOINT = Kind(kind="Endpoint", singular="endpoint", plural="endpoints", short_name="mlep")
ENDPOINT_CONFIG = Kind(
    kind="EndpointConfig", singular="endpointconfig", plural="endpointconfigs", short_name="mlepc"
)
