"""Whether the API server knows the two kinds, and in the form that this operator was built with."""

import logging

from endpoint_operator.api import crd
from endpoint_operator.api import kinds as api_kinds
from endpoint_operator.cluster import client, errors, kinds

logger = logging.getLogger(__name__)


async def are_served(cluster: client.Client) -> bool:
    """Whether both kinds can be read now; anything but a clear yes is a no."""
    try:
        answer = await cluster.get(f"/apis/{api_kinds.API_VERSION}")
    except errors.ClusterError:
        return False
    served = {item.get("name") for item in answer.get("resources") or ()}
    return {kinds.ENDPOINT.plural, kinds.ENDPOINT_CONFIG.plural} <= served


async def outdated(cluster: client.Client) -> list[str]:
    """The names of installed CRDs whose schema is another one than this operator's; none where none may be read."""
    found = []
    for name, revision in crd.schema_revisions().items():
        try:
            raw = await cluster.get(kinds.CUSTOM_RESOURCE_DEFINITION.path("", name))
        except errors.ClusterError as exc:
            logger.debug("the schema of %s could not be compared: %s", name, exc)
            continue
        if (raw["metadata"].get("annotations") or {}).get(api_kinds.SCHEMA_REVISION) != revision:
            found.append(name)
    return found


async def warn_of_outdated(cluster: client.Client) -> None:
    """Say in the log which CRDs to apply again: Helm never upgrades what is in a chart's ``crds`` folder."""
    names = await outdated(cluster)
    if names:
        logger.warning(
            "the schema of %s is not this release's: kubectl apply --server-side -f crds/", ", ".join(names)
        )
