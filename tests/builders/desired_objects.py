"""Everything that is rendered for an endpoint with two variants, one of which uses every field there is."""

from datetime import UTC, datetime
from typing import Any

from endpoint_contract import model_identity as identities
from endpoint_contract import route_table as tables
from endpoint_operator.api import parse
from endpoint_operator.desired import (
    defaults,
    deployment,
    model_identity,
    owner,
    roll_out,
    route_table,
    router_access,
    service,
)
from tests.builders import manifests

DEFAULTS = defaults.Defaults(
    router_image="pointsman/router:0.1.0",
    loader_image="pointsman/loader:0.1.0",
    model_image="pointsman/xgboost:0.1.0-xgb3.2.0",
    image_pull_policy="IfNotPresent",
)

_PREFERRED_NODES = {"weight": 1, "preference": {"matchExpressions": [{"key": "fast", "operator": "Exists"}]}}


def full_variant() -> Any:
    """A variant with every field set, empty strings and unusual spellings of quantities included."""
    return manifests.variant(
        "Variant1",
        model={"credentialsSecret": "models-s3", "env": {"A": "$(HOME)", "EMPTY": ""}},
        resources={"limits": {"cpu": 1, "memory": "1024Mi"}, "requests": {"cpu": "0.5", "memory": "1e6"}},
        affinity={"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [_PREFERRED_NODES]}},
        tolerations=[{"key": "gpu", "operator": "Exists", "value": ""}],
        nodeSelector={"kubernetes.io/os": "linux"},
        serviceAccountName="own",
        imagePullSecrets=[{"name": "registry"}],
        securityContext={"runAsUser": 1000},
    )


def rolled_out(
    *variants: object, uid: str = "1", namespace: str = "default"
) -> tuple[roll_out.StoredRollOut, owner.Owner]:
    """The first roll-out of an Endpoint ``churn`` with these variants."""
    raw = manifests.endpoint()
    raw["metadata"].update(namespace=namespace, uid=uid)
    endpoint = parse.endpoint(raw)
    config = parse.endpoint_config(manifests.endpoint_config(*variants))
    return roll_out.new(endpoint, config, [], DEFAULTS), owner.of(endpoint)


def everything(*, namespace: str, uid: str) -> list[dict[str, Any]]:
    """All objects of an Endpoint ``churn`` with that UID, as they are sent to the API server."""
    rolled, belongs = rolled_out(
        full_variant(),
        manifests.variant("Variant2", model={"image": "example.com/own:1"}),
        uid=uid,
        namespace=namespace,
    )
    backends = {item.variant_name: (tables.Backend(service=item.revision),) for item in rolled.variants}
    table = tables.RouteTable(
        endpoint=belongs.name,
        revision=1,
        variants=tuple(tables.Variant(name, 0.5, backend) for name, backend in backends.items()),
    )
    backends_since = datetime(2026, 11, 22, tzinfo=UTC)
    return [
        roll_out.to_controller_revision(rolled, belongs, serving=True),
        service.endpoint_service(belongs),
        router_access.service_account(belongs),
        router_access.role(belongs),
        router_access.role_binding(belongs, ["own"]),
        route_table.config_map(belongs, table, serving=rolled.name, backends_since=backends_since),
        *(item for variant in rolled.variants for item in _of_revision(variant, belongs)),
    ]


def _of_revision(variant: roll_out.StoredVariant, belongs: owner.Owner) -> list[dict[str, Any]]:
    names = {"revision": variant.revision, "variant": variant.variant_name}
    identity = identities.ModelIdentity(variant.data_url, e_tag="e", sha256="0" * 64, size_bytes=12)
    return [
        deployment.deployment(belongs, variant, replicas=0),
        service.revision_service(belongs, **names),
        model_identity.config_map(belongs, identity=identity, **names),
    ]
