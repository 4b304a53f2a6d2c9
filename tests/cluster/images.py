"""The project's images: the one table of them, built where they changed, brought to where the cluster finds them."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.cluster import (
    access,
    errors,
    harness_images,
    image_inputs,
    layout,
    lifecycle,
    ownership,
    registry_images,
)


@dataclass(frozen=True, slots=True)
class Image:
    """One image. `suffix` follows the version in its tag. One that is `on_demand` is only made when named."""

    name: str
    repository: str
    dockerfile: Path
    suffix: str = ""
    arguments: dict[str, str] = field(default_factory=dict)
    on_demand: bool = False

    @property
    def reference(self) -> str:
        """What a pod calls it, e.g. localhost/pointsman/router:0.1.0."""
        return f"{registry()}/pointsman/{self.repository}:{version()}{self.suffix}"

    def digest(self, bases: Mapping[str, str]) -> str:
        """Hash of everything that the image is made of; ``bases`` as in `harness_images.provide_bases`."""
        return image_inputs.digest(layout.REPOSITORY, self.dockerfile, {**self.arguments, **bases})


def _xgboost(release: str, *, on_demand: bool = False) -> Image:
    return Image(
        name=f"xgboost-{release}",
        repository="xgboost",
        dockerfile=Path("serving/xgboost.Dockerfile"),
        suffix=f"-xgb{release}",
        arguments={"XGBOOST_VERSION": release},
        on_demand=on_demand,
    )


ALL = (
    Image("operator", "operator", Path("operator/Dockerfile")),
    Image("router", "router", Path("serving/router.Dockerfile")),
    Image("loader", "loader", Path("serving/loader.Dockerfile")),
    _xgboost("3.2.0"),
    _xgboost("2.1.4"),
    _xgboost("3.0.5", on_demand=True),
    _xgboost("1.7.6", on_demand=True),
    Image("demo-store", "demo-store", Path("tests/demo/store.Dockerfile")),
    Image("own-container", "own-container", Path("tests/e2e/own_container/Dockerfile"), on_demand=True),
)


def reference(name: str) -> str:
    """What a pod calls the image of this name in the table; raises HarnessError if there is none."""
    return named([name])[0].reference


def registry() -> str:
    return os.environ.get("IMAGE_REGISTRY") or "localhost"


@cache
def version() -> str:
    """The project's version, which is the images' tag."""
    project = tomllib.loads((layout.REPOSITORY / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def named(names: Sequence[str]) -> list[Image]:
    """These rows of the table; for no name, all but those on demand."""
    unknown = set(names) - {image.name for image in ALL}
    if unknown:
        known = ", ".join(image.name for image in ALL)
        raise errors.HarnessError(f"no image {', '.join(sorted(unknown))}; there are: {known}")
    return [image for image in ALL if image.name in names or not (names or image.on_demand)]


def provide(names: Sequence[str] = ()) -> None:
    """Bring the images to the cluster, building those whose inputs changed.

    The harness's cluster gets them by hand, starting meanwhile if it does not run; a cluster of the user's own finds
    them in $IMAGE_REGISTRY.
    """
    wanted = named(names)
    if access.chosen() is not None:
        registry_images.provide(wanted)
        return
    current = layout.current()
    harness_images.prepare(current)
    with ownership.exclusive(current.cache, ownership.IMAGES), ThreadPoolExecutor() as threads:
        starting = threads.submit(lifecycle.up, current)
        bases = harness_images.provide_bases(current)
        starting.result()
        harness_images.provide(current, wanted, bases)
