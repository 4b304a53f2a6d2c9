"""Whether the API server knows the two kinds, and in the form that this operator was built with."""

import logging
from collections.abc import Mapping

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
    """The names of installed CRDs whose schema is another one than this operator's.

    Raises ForbiddenError without the right to read them, which an operator of one namespace has not.
    """
    found = []
    for name, revision in crd.schema_revisions().items():
        try:
            raw = await cluster.get(kinds.CUSTOM_RESOURCE_DEFINITION.path("", name))
        except errors.ForbiddenError:
            raise
        except errors.ClusterError as exc:
            logger.debug("the schema of %s could not be compared: %s", name, exc)
            continue
        if (raw["metadata"].get("annotations") or {}).get(api_kinds.SCHEMA_REVISION) != revision:
            found.append(name)
    return found


async def tell_of_outdated(cluster: client.Client) -> None:
    """Say in the log which CRDs to apply again: Helm never upgrades what is in a chart's ``crds`` folder.

    Who may not read them says how to see it.
    """
    try:
        names = await outdated(cluster)
    except errors.ForbiddenError:
        logger.info(_how_to_compare(crd.schema_revisions()))
        return
    if names:
        logger.warning(
            "the schema of %s is not this release's: kubectl apply --server-side -f crds/", ", ".join(names)
        )


def _how_to_compare(revisions: Mapping[str, str]) -> str:
    annotation = api_kinds.SCHEMA_REVISION.replace(".", r"\.")
    return (
        "this operator may not read the installed schemas, so it can't compare them with its own, which are "
        f"{', '.join(f'{name} {revision}' for name, revision in revisions.items())}; "
        f"whoever may sees them with: kubectl get crd {' '.join(revisions)} "
        f"-o custom-columns='NAME:.metadata.name,REVISION:.metadata.annotations.{annotation}'"
    )
