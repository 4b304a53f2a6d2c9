"""The kind EndpointConfig: the immutable description of an endpoint's production variants."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, field_validator

from endpoint_contract import model_claim, pod_environment
from endpoint_operator.api import fields

DATA_URL_PATTERN = rf"^((s3|gs|az|abfss?|https?)://[^\s]+|{model_claim.URL_PATTERN})$"
"""Exactly the schemes that this release's model loader knows and a pod can use."""

RESERVED_ENVIRONMENT = (pod_environment.MODEL_DIR, pod_environment.BIND_TO_PORT)
"""Variables of the model server that the operator sets itself."""

EnvironmentValue = Annotated[str, Field(max_length=4096)]
LabelValue = Annotated[str, Field(max_length=63)]

_IMMUTABLE = fields.rules(
    fields.rule(
        "self == oldSelf",
        "an EndpointConfig cannot be changed: create one of another name and set the Endpoint's "
        "endpointConfigName to it",
    )
)
_UNIQUE_NAMES = fields.rules(
    fields.rule(
        "self.all(one, self.exists_one(other, "
        "other.variantName.lowerAscii() == one.variantName.lowerAscii()))",
        "each variantName must be unique, whatever the case of its letters",
    )
)
_ENVIRONMENT_NAMES = fields.rules(
    fields.rule(
        "self.all(name, size(name) <= 256 && name.matches('^[A-Za-z_][A-Za-z0-9_]*$'))",
        "each key must be the name of an environment variable: letters, digits and underscores, "
        "no digit first",
    ),
    fields.rule(
        f"!self.exists(name, name in {list(RESERVED_ENVIRONMENT)} || name.startsWith('POINTSMAN_'))",
        f"{', '.join(RESERVED_ENVIRONMENT)} and names that begin with POINTSMAN_ are set by Pointsman itself",
    ),
)


class ModelSource(fields.Model):
    """The model artefact of a variant and the container image that serves it."""

    data_url: str = Field(pattern=DATA_URL_PATTERN, max_length=2048)
    """Where the model is: a .tar.gz archive or a single model file, or all files below an address that ends in
    a slash. It is s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/PATH,
    abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH, an http:// or https:// URL of a file, or
    pvc://CLAIM/PATH on a PersistentVolumeClaim of the same namespace."""

    image: str = Field(default="", pattern=r"^[^\s]*$", max_length=512)
    """Container image of the model server: any image that keeps SageMaker's inference container contract.
    Without it, Pointsman's XGBoost server is used."""

    env: Mapping[str, EnvironmentValue] = Field(
        default_factory=dict, max_length=100, json_schema_extra=_ENVIRONMENT_NAMES
    )
    """Environment variables of the model server, by name."""

    credentials_secret: fields.ObjectName | None = None
    """Name of a Secret in the same namespace with which the model is downloaded. Its keys become environment
    variables of the download: for S3 AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL,
    for Google Cloud Storage GOOGLE_SERVICE_ACCOUNT_KEY, for Azure AZURE_STORAGE_ACCOUNT_NAME with
    AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_KEY, for web servers HTTP_BEARER_TOKEN or HTTP_USERNAME and
    HTTP_PASSWORD. The model server does not see them."""


class ResourceRequirements(fields.Model):
    """Compute resources of a model server, as Kubernetes writes them."""

    requests: Mapping[str, fields.Quantity] = Field(default_factory=dict, max_length=16)
    """What the model server of each pod is given at least, by resource, for example cpu: 500m."""

    limits: Mapping[str, fields.Quantity] = Field(default_factory=dict, max_length=16)
    """What the model server of each pod may use at most, by resource, for example memory: 1Gi. The XGBoost
    server runs as many threads as its cpu limit allows."""


class SecretReference(fields.Model):
    """A Secret of the same namespace, by name."""

    name: fields.ObjectName
    """Name of the Secret."""


class ProductionVariant(fields.Model):
    """One model behind the endpoint: its artefact, its server, and what its pods need."""

    variant_name: fields.VariantName
    """Name of the variant, unique within the config whatever the case of its letters. A request that names
    it goes to this variant only, and every answer carries the name of the variant that gave it."""

    model: ModelSource
    """The model artefact and the image that serves it."""

    initial_instance_count: fields.InstanceCount = 1
    """Number of pods that the variant starts with; 0 is allowed. The Endpoint's instanceCounts override
    it."""

    initial_variant_weight: fields.Weight = 1.0
    """Weight that the variant starts with: its share of the requests is its weight divided by the sum of all
    weights. The Endpoint's weights override it."""

    resources: ResourceRequirements | None = None
    """Compute resources of the model server of each pod."""

    node_selector: Mapping[str, LabelValue] = Field(default_factory=dict, max_length=32)
    """Labels that a node must have to run pods of this variant."""

    tolerations: tuple[fields.Opaque, ...] = Field(default=(), max_length=32)
    """Taints of nodes that the pods of this variant tolerate, written as in a Kubernetes pod."""

    affinity: fields.Opaque | None = None
    """Rules on where the pods of this variant run, written as in a Kubernetes pod."""

    service_account_name: fields.ObjectName | None = None
    """ServiceAccount of the pods of this variant. Without it, one that is made for the Endpoint is used.
    Pointsman mounts its token in the router only; a cloud's webhook, such as EKS's, may mount one in every
    container."""

    image_pull_secrets: tuple[SecretReference, ...] = Field(default=(), max_length=10)
    """Secrets of the same namespace with which the images of this variant are pulled."""

    security_context: fields.Opaque | None = None
    """Security context of the model server's container, written as in a Kubernetes pod. Each of its fields
    replaces the setting that Pointsman would choose."""


class EndpointConfigSpec(fields.Model):
    """The variants of a config. It cannot be changed once it is created."""

    model_config = ConfigDict(json_schema_extra=_IMMUTABLE)

    production_variants: tuple[ProductionVariant, ...] = Field(
        min_length=1,
        max_length=fields.MAX_VARIANTS,
        json_schema_extra={**fields.map_by("variantName"), **_UNIQUE_NAMES},
    )
    """The variants, 1 to 10 of them, each with a name of its own."""

    @field_validator("production_variants")
    @classmethod
    def _names_are_unique(cls, variants: tuple[ProductionVariant, ...]) -> tuple[ProductionVariant, ...]:
        if len({variant.variant_name.lower() for variant in variants}) < len(variants):
            raise ValueError("each variantName must be unique, whatever the case of its letters")
        return variants


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """One EndpointConfig as the operator read it."""

    name: str
    namespace: str
    uid: str
    generation: int
    spec: EndpointConfigSpec
