"""Writing what should exist, never more than what differs, and never over what belongs to somebody else.

1. What is missing is created by POST; when the name is taken, the object's owner decides whose it is.
2. What differs is applied on the server's side with the uid that was read, so that a mix-up is refused.
3. What somebody added where nothing may be added (a pod template) goes only by a full replace.
4. Replicas are written through the ``scale`` subresource alone, after the creation.
5. What goes is deleted by its uid.
"""

import copy
import logging
from typing import Any

from endpoint_operator.cluster import client, errors, kinds
from endpoint_operator.desired import drift, owner

logger = logging.getLogger(__name__)


class NameTakenError(Exception):
    """An object of a name that we need belongs to somebody else, and is left alone."""

    def __init__(self, kind: kinds.Kind, name: str) -> None:
        super().__init__(f"{kind.name} {name} belongs to somebody else")
        self.kind = kind
        self.name = name


async def ensure(
    cluster: client.Client,
    kind: kinds.Kind,
    desired: client.Object,
    observed: client.Object | None,
    *,
    creation: client.Object | None = None,
) -> client.Object:
    """Make the object be as ``desired``; ``creation`` is what is POSTed when it is missing, if that is more.

    Answers the object as it is then. Raises NameTakenError and ClusterError.
    """
    if observed is None:
        return await _create(cluster, kind, creation or desired, desired)
    return await mend(cluster, kind, desired, observed)


async def create_once(cluster: client.Client, kind: kinds.Kind, desired: client.Object) -> None:
    """Create the object; one of ours that is there already stays as it is, whatever it says.

    Raises NameTakenError and ClusterError.
    """
    try:
        await cluster.create(kind.path(desired["metadata"]["namespace"]), desired)
    except errors.AlreadyExistsError:
        await _own(cluster, kind, desired)


async def mend(
    cluster: client.Client, kind: kinds.Kind, desired: client.Object, observed: client.Object
) -> client.Object:
    """Put back what differs from ``desired``. Raises ClusterError."""
    differences = drift.find(desired, observed)
    if not differences:
        return observed
    path = _path(kind, desired)
    logger.info("%s: putting back %s", path, ", ".join(item.path for item in differences))
    if drift.needs_replace(differences):
        return await cluster.replace(path, replacement(desired, observed))
    uid = observed["metadata"]["uid"]
    return await cluster.apply(path, {**desired, "metadata": {**desired["metadata"], "uid": uid}})


def replacement(desired: client.Object, observed: client.Object) -> client.Object:
    """``observed`` with every field that ``desired`` sets set to exactly that; its version is the
    precondition.

    Fields of ``spec`` that are never set here, such as replicas and cluster IPs, stay.
    """
    body: dict[str, Any] = copy.deepcopy(observed)
    body.pop("status", None)
    metadata = body["metadata"]
    metadata.pop("managedFields", None)
    for field in ("labels", "annotations"):
        if field in desired["metadata"]:
            metadata[field] = {**(metadata.get(field) or {}), **desired["metadata"][field]}
    metadata["ownerReferences"] = desired["metadata"]["ownerReferences"]
    for field in desired.keys() - {"metadata", "spec"}:
        body[field] = desired[field]
    if "spec" in desired:
        body["spec"] = {**(body.get("spec") or {}), **desired["spec"]}
    return body


async def scale(cluster: client.Client, deployment: client.Object, replicas: int) -> None:
    """Give a Deployment ``replicas`` pods. Raises ClusterError."""
    metadata = deployment["metadata"]
    path = kinds.DEPLOYMENT.path(metadata["namespace"], metadata["name"], "scale")
    await cluster.merge(path, {"metadata": {"uid": metadata["uid"]}, "spec": {"replicas": replicas}})


async def delete(cluster: client.Client, kind: kinds.Kind, observed: client.Object) -> None:
    """Delete this object and no later one of its name. Raises ClusterError."""
    metadata = observed["metadata"]
    try:
        await cluster.delete(kind.path(metadata["namespace"], metadata["name"]), uid=metadata["uid"])
    except (errors.NotFoundError, errors.ConflictError):
        logger.debug("%s %s was gone already", kind.name, metadata["name"])


async def write_status(cluster: client.Client, endpoint: client.Object, status: client.Object) -> None:
    """Replace an Endpoint's status, if nobody changed the Endpoint since it was read. Raises
    ConflictError."""
    metadata = endpoint["metadata"]
    path = kinds.ENDPOINT.path(metadata["namespace"], metadata["name"], "status")
    body = {**endpoint, "status": status}
    # An older CRD that lacks a field of ours should lose that field, not the whole status.
    await cluster.replace(path, body, is_strict=False)


async def _create(
    cluster: client.Client, kind: kinds.Kind, creation: client.Object, desired: client.Object
) -> client.Object:
    try:
        return await cluster.create(kind.path(desired["metadata"]["namespace"]), creation)
    except errors.AlreadyExistsError:
        # Ours without its labels, or made a moment ago; or not ours at all.
        return await mend(cluster, kind, desired, await _own(cluster, kind, desired))


async def _own(cluster: client.Client, kind: kinds.Kind, desired: client.Object) -> client.Object:
    """The object that holds the name, if it is this Endpoint's. Raises NameTakenError and ClusterError."""
    found = await cluster.get(_path(kind, desired))
    if _is_of_same_owner(desired, found):
        return found
    if _is_leaving(desired, found):
        raise errors.ConflictError(f"{_path(kind, desired)} still belongs to a deleted Endpoint of this name")
    raise NameTakenError(kind, desired["metadata"]["name"])


def _is_of_same_owner(desired: client.Object, found: client.Object) -> bool:
    reference = desired["metadata"]["ownerReferences"][0]
    own = owner.Owner(
        name=reference["name"], namespace=desired["metadata"]["namespace"], uid=reference["uid"]
    )
    return owner.owns(own, found)


def _is_leaving(desired: client.Object, found: client.Object) -> bool:
    """Whether an earlier Endpoint of the same name owned it, so that Kubernetes is about to collect it."""
    mine = desired["metadata"]["ownerReferences"][0]
    theirs = found["metadata"].get("ownerReferences") or []
    return any(
        (entry.get("apiVersion"), entry.get("kind"), entry.get("name"))
        == (mine["apiVersion"], mine["kind"], mine["name"])
        for entry in theirs
    )


def _path(kind: kinds.Kind, desired: client.Object) -> str:
    return kind.path(desired["metadata"]["namespace"], desired["metadata"]["name"])
