"""Images come into the harness's cluster while its container runtime collects garbage, which it does when it likes."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import docker_archives
from tests.cluster import Cluster, HarnessError, container_runtime, image_archive, layout
from tests.cluster.layout import Layout

pytestmark = pytest.mark.integration

REFERENCE = "localhost/pointsman/replaced-often:1"
COLLECTED = "localhost/pointsman/collected:1"
# So many that a collection falls into the import's walk through them: without care, a third of the imports fail.
SHARED = [docker_archives.layer(f"shared-{number}") for number in range(60)]
REPLACEMENTS = 10
LABEL = ("pointsman.dev/made-of", "this")


@pytest.fixture
def current(cluster: Cluster) -> Layout:
    if not cluster.is_ours:
        pytest.skip("needs a cluster whose container runtime is at hand: unset KUBECONFIG")
    return layout.current()


@pytest.fixture
def collecting(current: Layout) -> Iterator[None]:
    """Garbage collections, one after the other."""
    enough = threading.Event()

    def collect() -> None:
        while not enough.is_set():
            container_runtime.ctr(
                current, "images", "tag", "--force", container_runtime.SANDBOX_IMAGE, COLLECTED
            )
            container_runtime.ctr(current, "images", "remove", "--sync", COLLECTED)

    thread = threading.Thread(target=collect)
    thread.start()
    yield
    enough.set()
    thread.join()


@pytest.fixture
def image(current: Layout) -> Iterator[str]:
    """The name of an image that goes with the test."""
    yield REFERENCE
    container_runtime.ctr(current, "images", "remove", "--sync", REFERENCE)


@pytest.mark.usefixtures("collecting")
def test_an_image_replaces_one_that_shares_layers_with_it(
    current: Layout, image: str, tmp_path: Path
) -> None:
    # The runtime keeps the very first image of a name, whatever becomes of the name; its layers prove nothing.
    for layers in ([docker_archives.layer("first")], *([*SHARED, _top(n)] for n in range(REPLACEMENTS))):
        whole = docker_archives.write(tmp_path / "whole.tar", layers)
        image_archive.cut(whole, image, container_runtime.content(current), tmp_path / "cut.tar")
        container_runtime.import_image(current, image, tmp_path / "cut.tar")
    assert {name for name in container_runtime.image_labels(current) if name.startswith(image)} == {image}


def test_a_label_never_tells_of_an_image_that_it_was_not_given_to(
    current: Layout, image: str, tmp_path: Path
) -> None:
    whole = docker_archives.write(tmp_path / "whole.tar", SHARED[:1])
    container_runtime.import_image(current, image, _oci(whole, tmp_path), label=LABEL)
    assert LABEL in container_runtime.image_labels(current)[image].items()
    (tmp_path / "torn.tar").write_bytes(b"no archive")
    with pytest.raises(HarnessError):
        container_runtime.import_image(
            current, image, tmp_path / "torn.tar", label=("pointsman.dev/made-of", "that")
        )
    assert LABEL not in container_runtime.image_labels(current)[image].items()


def _oci(whole: Path, folder: Path) -> Path:
    image_archive.cut(whole, REFERENCE, set(), folder / "oci.tar")
    return folder / "oci.tar"


def _top(number: int) -> bytes:
    return docker_archives.layer(f"top-{number}")
