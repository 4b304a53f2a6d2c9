"""Images for the harness's own cluster: built by buildah in the cache, handed to its container runtime as files."""

import contextlib
import hashlib
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster import (
    base_image,
    commands,
    compiler_image,
    container_runtime,
    errors,
    image_archive,
    layout,
    pip_settings,
    preflight,
    progress,
)
from tests.cluster.layout import Layout

if TYPE_CHECKING:
    from tests.cluster.images import Image

_LABEL = "pointsman.dev/inputs"
# `chroot` needs no rights beyond root's, and works inside containers.
_ENVIRONMENT = {"BUILDAH_ISOLATION": "chroot"}
_HANDING_OVER = threading.Lock()


def prepare(current: Layout) -> None:
    """See that images can be built here, before several threads start to."""
    preflight.require_root()
    preflight.require_packages(preflight.IMAGES)
    _folder(current).mkdir(parents=True, exist_ok=True)


def provide_bases(current: Layout) -> dict[str, str]:
    """Build arguments that name the images under ours: the user's choice, or made here."""
    chosen = base_image.chosen()
    if not chosen:
        buildah = _buildah(current)
        base = base_image.provide(buildah, _folder(current))
        chosen = {"PYTHON_IMAGE": base, "COMPILER_IMAGE": compiler_image.provide(buildah, base)}
    return chosen


def provide(current: Layout, images: Sequence["Image"], bases: Mapping[str, str]) -> None:
    """Build and import those of the images that the cluster does not have in this state."""
    there = {name: labels.get(_LABEL) for name, labels in container_runtime.image_labels(current).items()}
    buildah = _buildah(current)
    changed = [image for image in images if there.get(image.reference) != image.digest(bases)]
    # As many at once as there are processors on the smallest machine that this is meant for.
    with ThreadPoolExecutor(max_workers=2) as threads:
        list(threads.map(lambda image: _provide(current, buildah, image, bases), changed))
    if changed:
        _forget_unused(buildah)


def _provide(current: Layout, buildah: Callable[..., str], image: "Image", bases: Mapping[str, str]) -> None:
    digest = image.digest(bases)
    arguments = {**image.arguments, **bases}
    with progress.step(f"Image {image.reference}", slow=True):
        buildah(
            "build",
            "--layers",
            "--network=host",
            *pip_settings.mounts(pip_settings.of_this_machine(), _folder(current)),
            *(f"--build-arg={name}={value}" for name, value in arguments.items()),
            f"--file={layout.REPOSITORY / image.dockerfile}",
            f"--tag={image.reference}",
            layout.REPOSITORY,
        )
        _hand_over(current, buildah, image.reference, digest)


def _hand_over(current: Layout, buildah: Callable[..., str], reference: str, digest: str) -> None:
    """Put a built image into the cluster, marked with what it was made of."""
    with tempfile.TemporaryDirectory(dir=_folder(current)) as folder:
        whole, lacking = Path(folder) / "whole.tar", Path(folder) / "lacking.tar"
        buildah("push", "--quiet", reference, f"docker-archive:{whole}:{reference}")
        # One at a time: what is left out of one image must not go with what another one replaces.
        with _HANDING_OVER:
            image_archive.cut(whole, reference, container_runtime.content(current), lacking)
            container_runtime.import_image(current, reference, lacking, label=(_LABEL, digest))


def _forget_unused(buildah: Callable[..., str]) -> None:
    """Where layers are whole copies, those of earlier builds would fill the disk."""
    if "vfs" in buildah("info", "--format", "{{.store.GraphDriverName}}"):
        with contextlib.suppress(errors.HarnessError):
            buildah("rmi", "--prune")


def _buildah(current: Layout) -> Callable[..., str]:
    """buildah with a store of its own in the cache; it has to be asked only once what the disk bears."""
    driver_file = _folder(current) / "storage-driver"
    if not driver_file.exists():
        driver_file.write_text("overlay" if container_runtime.can_overlay(current.cache) else "vfs")
    store = [
        f"--root={current.cache / 'buildah'}",
        # Short-lived state, apart for each store.
        f"--runroot=/run/pointsman-images/{hashlib.sha256(bytes(current.cache)).hexdigest()[:8]}",
        f"--storage-driver={driver_file.read_text()}",
    ]
    return partial(_run, store)


def _run(store: list[str], *arguments: str | Path) -> str:
    return commands.run(["buildah", *store, *arguments], environment=_ENVIRONMENT)


def _folder(current: Layout) -> Path:
    return current.cache / "images"
