"""The two kinds of Service: the one that clients call, and the headless one of each variant revision."""

from typing import Any

from endpoint_contract import labels as words
from endpoint_contract import ports
from endpoint_operator.desired import labels, metadata, names
from endpoint_operator.desired.owner import Owner

PORT_NAME = "http"
CLIENT_PORT = 80


def endpoint_service(owner: Owner) -> dict[str, Any]:
    """The Service named as the Endpoint: any router of any variant answers there."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata.of(names.service(owner.name), owner, labels.endpoint(owner.name)),
        "spec": {
            "type": "ClusterIP",
            "selector": {words.ENDPOINT: owner.name},
            "ports": [
                {"name": PORT_NAME, "port": CLIENT_PORT, "protocol": "TCP", "targetPort": ports.ROUTER_DATA}
            ],
        },
    }


def revision_service(owner: Owner, *, revision: str, variant: str) -> dict[str, Any]:
    """The headless Service whose EndpointSlices tell routers where the model servers of ``revision`` are.

    Only pods that are ready as a whole are listed as ready.
    """
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata.of(
            revision, owner, labels.revision(owner.name, variant=variant, revision=revision)
        ),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "None",
            "publishNotReadyAddresses": False,
            "selector": {words.REVISION: revision},
            "ports": [
                {
                    "name": PORT_NAME,
                    "port": ports.MODEL_SERVER,
                    "protocol": "TCP",
                    "targetPort": ports.MODEL_SERVER,
                }
            ],
        },
    }
