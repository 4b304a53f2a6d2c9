"""Images for a cluster of the user's own: built by whatever builder there is, pushed to $IMAGE_REGISTRY."""

import os
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.cluster import base_image, commands, errors, layout, progress

if TYPE_CHECKING:
    from tests.cluster.images import Image

_BUILDERS = ("docker", "podman", "buildah")


def provide(images: Sequence["Image"]) -> None:
    """Build and push; builder and registry know themselves what they have already."""
    if not os.environ.get("IMAGE_REGISTRY"):
        raise errors.HarnessError(
            "KUBECONFIG names a cluster of your own: set IMAGE_REGISTRY to a registry that you can push to and "
            "that the cluster can pull from, e.g. IMAGE_REGISTRY=registry.example.com/team"
        )
    program = builder()
    for image in images:
        with progress.step(f"Image {image.reference} ({program})"):
            commands.run([program, *build_arguments(image)], directory=layout.REPOSITORY)
            commands.run([program, "push", image.reference])


def build_arguments(image: "Image") -> list[str]:
    """Words after the builder's name: the three builders agree on them."""
    arguments = {**image.arguments, **base_image.chosen()}
    options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    return ["build", f"--file={image.dockerfile}", f"--tag={image.reference}", *options, "."]


def builder() -> str:
    """The first image builder on this machine that works; raises HarnessError when there is none."""
    found = [name for name in _BUILDERS if shutil.which(name)]
    for name in found:
        if _works(name):
            return name
    if found:
        raise errors.HarnessError(
            f"{' and '.join(found)}: found, but `{found[0]} info` fails; is its daemon running?"
        )
    raise errors.HarnessError(f"no image builder found; install one of: {', '.join(_BUILDERS)}")


def _works(name: str) -> bool:
    """A docker command without its daemon is no builder."""
    try:
        commands.run([name, "info"], timeout=30)
    except errors.HarnessError:
        return False
    return True
