"""One rolled-out config as a ControllerRevision stores it: rendered once, applied from there ever after.

So neither a new version of the operator nor a change of its defaults restarts a pod.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from endpoint_contract import labels as words
from endpoint_operator.api import endpoint as endpoint_kind
from endpoint_operator.api import endpoint_config as config_kind
from endpoint_operator.desired import images, labels, metadata, names, pod_template, revision_hash
from endpoint_operator.desired.defaults import Defaults
from endpoint_operator.desired.owner import Owner


class StoredRollOutError(ValueError):
    """A ControllerRevision that stores no roll-out of ours; the message names it and what is missing."""


@dataclass(frozen=True, slots=True)
class Images:
    """The images of a variant's three containers, as they stand in its template."""

    model: str
    loader: str
    router: str


@dataclass(frozen=True, slots=True)
class StoredVariant:
    """One variant of a roll-out. ``template`` is a PodTemplateSpec; ``revision`` names its Deployment and
    Service.

    ``service_account_name`` is the user's own, None when the pods run as the endpoint's.
    """

    variant_name: str
    initial_variant_weight: float
    initial_instance_count: int
    revision: str
    template: Mapping[str, Any]
    images: Images
    data_url: str
    service_account_name: str | None = None


@dataclass(frozen=True, slots=True)
class StoredRollOut:
    """``name`` is the ControllerRevision's, ``uid`` is its UID (None until it is stored).

    ``number`` counts the roll-outs of the Endpoint: a later one has a greater number.
    """

    name: str
    config_name: str
    content_hash: str
    number: int
    variants: tuple[StoredVariant, ...]
    restart: str = ""
    uid: str | None = None

    def variant(self, name: str) -> StoredVariant | None:
        """The variant called ``name``, if there is one."""
        return next((item for item in self.variants if item.variant_name == name), None)


def new(
    endpoint: endpoint_kind.Endpoint,
    config: config_kind.EndpointConfig,
    previous: Sequence[StoredRollOut],
    defaults: Defaults,
) -> StoredRollOut:
    """The roll-out that ``endpoint`` asks for: the one of ``previous`` with this content, else a new one.

    In a new one, a variant whose revision is known takes over the stored template, so that its pods stay.
    """
    known = {variant.revision: variant for item in previous for variant in item.variants}
    revisions = {item.variant_name: _revision(endpoint, item) for item in config.spec.production_variants}
    content_hash = revision_hash.content_hash(config, revisions, restart=endpoint.restart)
    name = names.roll_out(endpoint.name, content_hash)
    for item in previous:
        if item.name == name:
            return item
    return StoredRollOut(
        name=name,
        config_name=config.name,
        content_hash=content_hash,
        number=1 + max((item.number for item in previous), default=0),
        variants=tuple(
            _variant(endpoint, item, stored=known.get(revisions[item.variant_name]), defaults=defaults)
            for item in config.spec.production_variants
        ),
        restart=endpoint.restart,
    )


def to_controller_revision(roll_out: StoredRollOut, owner: Owner, *, serving: bool) -> dict[str, Any]:
    """The ControllerRevision that stores ``roll_out``; ``serving`` says whether its variants serve now."""
    mark = {words.SERVING: "true"} if serving else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata.of(roll_out.name, owner, {**labels.endpoint(owner.name), **mark}),
        "revision": roll_out.number,
        "data": {
            "configName": roll_out.config_name,
            "contentHash": roll_out.content_hash,
            "restart": roll_out.restart,
            "variants": [_document(variant) for variant in roll_out.variants],
        },
    }


def is_marked_serving(observed: Mapping[str, Any]) -> bool:
    """Whether an observed ControllerRevision carries the mark of the one that serves."""
    return (observed["metadata"].get("labels") or {}).get(words.SERVING) == "true"


def from_controller_revision(observed: Mapping[str, Any]) -> StoredRollOut:
    """The roll-out that an observed ControllerRevision stores. Raises StoredRollOutError."""
    name = observed["metadata"]["name"]
    try:
        data = observed["data"]
        return StoredRollOut(
            name=name,
            config_name=data["configName"],
            content_hash=data["contentHash"],
            number=int(observed["revision"]),
            variants=tuple(_stored_variant(item) for item in data["variants"]),
            restart=data.get("restart", ""),
            uid=observed["metadata"].get("uid"),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise StoredRollOutError(f"ControllerRevision {name} stores no roll-out: {exc!r}") from exc


def _revision(endpoint: endpoint_kind.Endpoint, variant: config_kind.ProductionVariant) -> str:
    digits = revision_hash.variant_hash(endpoint.name, variant, restart=endpoint.restart)
    return names.revision(endpoint.name, variant.variant_name, digits)


def _variant(
    endpoint: endpoint_kind.Endpoint,
    variant: config_kind.ProductionVariant,
    *,
    stored: StoredVariant | None,
    defaults: Defaults,
) -> StoredVariant:
    revision = _revision(endpoint, variant)
    template = pod_template.pod_template(endpoint.name, variant, revision=revision, defaults=defaults)
    rendered_images = Images(
        model=images.model(variant.model.image, defaults),
        loader=defaults.loader_image,
        router=defaults.router_image,
    )
    return StoredVariant(
        variant_name=variant.variant_name,
        initial_variant_weight=variant.initial_variant_weight,
        initial_instance_count=variant.initial_instance_count,
        revision=revision,
        template=stored.template if stored else template,
        images=stored.images if stored else rendered_images,
        data_url=variant.model.data_url,
        service_account_name=variant.service_account_name,
    )


def _document(variant: StoredVariant) -> dict[str, Any]:
    own_account = {"serviceAccountName": variant.service_account_name} if variant.service_account_name else {}
    return {
        "variantName": variant.variant_name,
        "initialVariantWeight": variant.initial_variant_weight,
        "initialInstanceCount": variant.initial_instance_count,
        "revision": variant.revision,
        "dataUrl": variant.data_url,
        **own_account,
        "images": {
            "model": variant.images.model,
            "loader": variant.images.loader,
            "router": variant.images.router,
        },
        "template": variant.template,
    }


def _stored_variant(data: Mapping[str, Any]) -> StoredVariant:
    images = data["images"]
    return StoredVariant(
        variant_name=data["variantName"],
        initial_variant_weight=float(data["initialVariantWeight"]),
        initial_instance_count=int(data["initialInstanceCount"]),
        revision=data["revision"],
        template=dict(data["template"]),
        images=Images(model=images["model"], loader=images["loader"], router=images["router"]),
        data_url=data["dataUrl"],
        service_account_name=data.get("serviceAccountName"),
    )
