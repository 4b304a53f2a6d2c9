"""The status of an Endpoint, as a schema: all of it is output and can be made again from what is in the
cluster."""

from typing import Annotated, Literal

from pydantic import Field

from endpoint_operator.api import fields

MAX_MESSAGE = 4096
"""Characters of a message for people; what is longer is cut when the status is rendered."""

MAX_REASON = 128

EndpointStatusWord = Literal[
    "Creating", "Updating", "InService", "RollingBack", "Failed", "Deleting", "OutOfService"
]
VariantStatusWord = Literal["Creating", "Updating", "Deleting", "ActivatingTraffic", "Baking"]
ConditionStatus = Literal["True", "False", "Unknown"]
Message = Annotated[str, Field(max_length=MAX_MESSAGE)]
Time = Annotated[str, Field(max_length=64, json_schema_extra={"format": "date-time"})]
Text = Annotated[str, Field(max_length=2048)]


class VariantStatus(fields.Model):
    """One thing that is going on with a variant."""

    status: VariantStatusWord | None = None
    """What is going on, in SageMaker's words; absent when the variant just runs."""

    status_message: Message | None = None
    """The same as a sentence, with what to do where something is wrong."""

    start_time: Time | None = None
    """Since when."""


class DeployedImage(fields.Model):
    """An image of the variant's pods."""

    specified_image: Text | None = None
    """The image as the pods name it."""

    resolved_image: Text | None = None
    """The image that a running pod really uses, by digest."""


class ModelSummary(fields.Model):
    """The artefact that the variant's pods loaded."""

    data_url: Text | None = None
    """Where it came from."""

    e_tag: Text | None = None
    """The store's own mark of the artefact's version, if it has one."""

    sha256: Annotated[str, Field(max_length=64)] | None = None
    """SHA-256 of the artefact, 64 hexadecimal digits. Later pods refuse to start with any other."""


class ProductionVariantStatus(fields.Model):
    """One variant as it serves now."""

    variant_name: fields.VariantName
    """Name of the variant."""

    current_weight: float | None = None
    """Weight in the oldest route table that a router applies, as far as routers have answered."""

    desired_weight: float | None = None
    """Weight that is asked for."""

    current_instance_count: int | None = None
    """Number of its pods that are ready."""

    desired_instance_count: int | None = None
    """Number of its pods that is asked for."""

    variant_status: tuple[VariantStatus, ...] = Field(default=(), max_length=10)
    """What is going on with it."""

    deployed_images: tuple[DeployedImage, ...] = Field(default=(), max_length=10)
    """The images of its pods."""

    model: ModelSummary | None = None
    """The model artefact that it serves."""


class Condition(fields.Model):
    """One fact about the Endpoint: Ready, Serving, Progressing, Degraded or WeightsApplied."""

    type: Annotated[str, Field(max_length=316)]
    """Which fact."""

    status: ConditionStatus
    """Whether it holds: True, False or Unknown."""

    observed_generation: int | None = None
    """Generation of the Endpoint's spec that this was found for."""

    last_transition_time: Time
    """When the status last changed."""

    reason: Annotated[str, Field(max_length=MAX_REASON)]
    """Why, in one word for programs."""

    message: Message
    """Why, in a sentence for people."""


class EndpointStatus(fields.Model):
    """How far the operator got. Pointsman writes it; changing it has no effect."""

    observed_generation: int | None = None
    """Generation of the spec that this status speaks of."""

    endpoint_status: EndpointStatusWord | None = None
    """The Endpoint's state, in SageMaker's words. InService means that it serves and that no update is under way."""

    endpoint_config_name: Annotated[str, Field(max_length=253)] | None = None
    """Name of the EndpointConfig that serves now; while an update goes on, not yet the one that spec
    names."""

    url: Text | None = None
    """Address at which the endpoint is called from inside the cluster."""

    weights: Text | None = None
    """Share of the requests that each variant gets by now, for example Variant1=25% Variant2=75%."""

    variants: Annotated[str, Field(max_length=32)] | None = None
    """How many variants have all their pods ready, of how many."""

    failure_reason: Message | None = None
    """What is wrong, in a sentence; empty when nothing is."""

    production_variants: tuple[ProductionVariantStatus, ...] = Field(
        default=(), max_length=fields.MAX_OVERRIDES, json_schema_extra=fields.map_by("variantName")
    )
    """The variants as they serve now."""

    conditions: tuple[Condition, ...] = Field(
        default=(), max_length=16, json_schema_extra=fields.map_by("type")
    )
    """The facts about this Endpoint. Serving: it answers requests. Progressing: an update goes on.
    Degraded: something is wrong. WeightsApplied: every router splits the requests as asked. Ready: it
    serves all that is asked for."""
