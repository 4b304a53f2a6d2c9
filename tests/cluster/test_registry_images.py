"""Images for a cluster of the user's own, with a builder that only notes what it is told."""

from pathlib import Path

import pytest

from tests.cluster import errors, images, layout, registry_images

BUILDER = """#!/bin/sh
echo "$0 $*" >> "$(dirname "$0")/told"
case "$1 {broken}" in "info "*info*) exit 1 ;; esac
"""


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is the whole PATH, but for what a shell script needs."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(registry_images, "_BUILDERS", ("builder-one", "builder-two"))
    monkeypatch.setenv("IMAGE_REGISTRY", "registry.example.com/team")
    return tmp_path


def install(folder: Path, name: str, *, is_broken: bool = False) -> None:
    program = folder / name
    program.write_text(BUILDER.format(broken="info" if is_broken else ""))
    program.chmod(0o755)


def told(folder: Path, name: str) -> list[str]:
    lines = (folder / "told").read_text().splitlines()
    return [line.removeprefix(f"{folder / name} ") for line in lines if line.startswith(f"{folder / name} ")]


def test_each_image_is_built_and_pushed_under_the_name_that_pods_call_it_by(programs: Path) -> None:
    install(programs, "builder-one")
    registry_images.provide(images.named(["router", "xgboost-2.1.4"]))
    router = f"registry.example.com/team/pointsman/router:{images.version()}"
    xgboost = f"registry.example.com/team/pointsman/xgboost:{images.version()}-xgb2.1.4"
    _, build_router, push_router, build_xgboost, push_xgboost = told(programs, "builder-one")
    assert build_router.startswith(f"build --file=serving/router.Dockerfile --tag={router} ")
    assert push_router == f"push {router}"
    assert "--build-arg=XGBOOST_VERSION=2.1.4" in build_xgboost
    assert push_xgboost == f"push {xgboost}"


def test_a_builder_that_does_not_work_is_passed_over(programs: Path) -> None:
    install(programs, "builder-one", is_broken=True)
    with pytest.raises(errors.HarnessError, match="builder-one: found, but `builder-one info` fails"):
        registry_images.builder()
    install(programs, "builder-two")
    assert registry_images.builder() == "builder-two"


def test_without_a_builder_those_that_would_do_are_named(programs: Path) -> None:
    assert programs.is_dir()
    with pytest.raises(errors.HarnessError, match="install one of: builder-one, builder-two"):
        registry_images.builder()


def test_without_a_registry_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMAGE_REGISTRY", raising=False)
    with pytest.raises(errors.HarnessError, match="set IMAGE_REGISTRY to a registry"):
        registry_images.provide(images.named(["router"]))


@pytest.mark.parametrize("image", images.ALL, ids=lambda image: image.name)
def test_each_image_has_its_dockerfile(image: images.Image) -> None:
    assert (layout.REPOSITORY / image.dockerfile).is_file()
