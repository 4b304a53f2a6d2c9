"""The kind EndpointConfig: the immutable description of an endpoint's production variants."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from endpoint_operator.api import fields

DATA_URL_PATTERN = r"^(s3|https?|file)://[^\s]+$"
"""Exactly the schemes that this release's model loader knows."""

EnvironmentValue = Annotated[str, Field(max_length=4096)]
LabelValue = Annotated[str, Field(max_length=63)]


class ModelSource(fields.Model):
    """The model artefact of a variant and the container image that serves it."""

    data_url: str = Field(
        pattern=DATA_URL_PATTERN,
        max_length=2048,
        description="Where the model is: a .tar.gz archive or one model file, at an s3://, http://, https:// or "
        "file:// address.",
    )
    image: str = Field(
        default="",
        pattern=r"^[^\s]*$",
        max_length=512,
        description="Container image of the model server: any image that keeps SageMaker's inference container "
        "contract. Without it, Pointsman's XGBoost server is used.",
    )
    env: Mapping[str, EnvironmentValue] = Field(
        default_factory=dict,
        max_length=100,
        description="Environment variables of the model server, by name.",
    )
    credentials_secret: fields.ObjectName | None = Field(
        default=None,
        description="Name of a Secret in the same namespace with which the model is downloaded; its keys become "
        "environment variables of the model loader, for example AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL.",
    )


class ResourceRequirements(fields.Model):
    """Compute resources of a model server, as Kubernetes writes them."""

    requests: Mapping[str, fields.Quantity] = Field(
        default_factory=dict,
        max_length=16,
        description="What each pod's model server is given at least, by resource, for example cpu: 500m.",
    )
    limits: Mapping[str, fields.Quantity] = Field(
        default_factory=dict,
        max_length=16,
        description="What each pod's model server may use at most, by resource, for example memory: 1Gi. "
        "The XGBoost server takes as many threads as its cpu limit allows.",
    )


class SecretReference(fields.Model):
    """A Secret of the same namespace, by name."""

    name: fields.ObjectName = Field(min_length=1, description="Name of the Secret.")


class ProductionVariant(fields.Model):
    """One model behind the endpoint: its artefact, its server, and what its pods need."""

    variant_name: fields.VariantName = Field(
        description="Name of the variant, unique within the config whatever the case of its letters. Requests name it to reach "
        "this variant only, and every answer carries it.",
    )
    model: ModelSource = Field(description="The model artefact and the image that serves it.")
    initial_instance_count: fields.InstanceCount = Field(
        default=1,
        description="Number of pods the variant starts with; the Endpoint's instanceCounts override it. 0 is allowed.",
    )
    initial_variant_weight: fields.Weight = Field(
        default=1.0,
        description="Weight the variant starts with; the Endpoint's weights override it. Its share of the requests is its weight "
        "divided by the sum of all weights.",
    )
    resources: ResourceRequirements | None = Field(
        default=None,
        description="Compute resources of each pod's model server.",
    )
    node_selector: Mapping[str, LabelValue] = Field(
        default_factory=dict,
        max_length=32,
        description="Labels that a node must have to run this variant's pods.",
    )
    tolerations: tuple[fields.Opaque, ...] = Field(
        default=(),
        max_length=32,
        description="Taints of nodes that this variant's pods tolerate, as in a Kubernetes pod.",
    )
    affinity: fields.Opaque | None = Field(
        default=None,
        description="Rules on where this variant's pods run, as in a Kubernetes pod.",
    )
    service_account_name: fields.ObjectName | None = Field(
        default=None,
        description="ServiceAccount of this variant's pods. Without it, one made for the Endpoint is used. The model server "
        "is never given its token.",
    )
    image_pull_secrets: tuple[SecretReference, ...] = Field(
        default=(),
        max_length=10,
        description="Secrets of the same namespace with which this variant's images are pulled.",
    )
    security_context: fields.Opaque | None = Field(
        default=None,
        description="Security context of the model server's container, as in Kubernetes; each field given here "
        "replaces Pointsman's own setting of it.",
    )


class EndpointConfigSpec(fields.Model):
    """The variants of a config."""

    production_variants: tuple[ProductionVariant, ...] = Field(
        min_length=1,
        max_length=fields.MAX_VARIANTS,
        description="The variants, 1 to 10, each with a name of its own.",
    )


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """One EndpointConfig as the operator read it."""

    name: str
    namespace: str
    uid: str
    generation: int
    spec: EndpointConfigSpec
