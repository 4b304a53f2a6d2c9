"""Chart.yaml, and the chart as a whole."""

import re
import tomllib

import pytest
import yaml

from tests.chart import chart

ROOT = chart.DIRECTORY.parents[1]


def test_helm_finds_nothing_to_complain_of(helm: chart.Helm) -> None:
    printed = helm.run("lint", "--strict", str(chart.DIRECTORY))
    assert "1 chart(s) linted, 0 chart(s) failed" in printed
    assert "WARNING" not in printed


def test_it_has_the_version_of_the_programs() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    described = yaml.safe_load((chart.DIRECTORY / "Chart.yaml").read_text())
    assert (described["version"], described["appVersion"]) == (version, version)


def test_a_kubernetes_without_native_sidecars_is_refused(helm: chart.Helm) -> None:
    with pytest.raises(chart.RefusedError, match=r"requires kubeVersion: >=1\.30\.0-0"):
        helm.render(kube_version="1.29.9")


@pytest.mark.parametrize("version", ["1.30.0", "1.34.4", "1.34.4-eks-1", "1.35.0-alpha.1"])
def test_newer_and_vendors_versions_are_admitted(helm: chart.Helm, version: str) -> None:
    assert helm.render(kube_version=version).all


def test_nothing_of_it_runs_at_uninstall_or_upgrade(rendered: chart.Objects) -> None:
    """So that an uninstallation neither waits for endpoints nor deletes them."""
    hooks = [each["metadata"].get("annotations", {}).get("helm.sh/hook") for each in rendered.all]
    assert set(hooks) == {None, "test"}


def test_it_carries_the_kinds_where_helm_never_deletes_them(rendered: chart.Objects) -> None:
    assert rendered.of_kind("CustomResourceDefinition") == []
    for path in sorted((ROOT / "crds").glob("*.yaml")):
        assert (chart.DIRECTORY / "crds" / path.name).read_text() == path.read_text()


def test_every_object_can_be_found_by_its_release(rendered: chart.Objects) -> None:
    for each in rendered.all:
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == "pointsman"
        assert labels["app.kubernetes.io/instance"] == "pointsman"


def test_every_template_makes_one_object() -> None:
    for path in (chart.DIRECTORY / "templates").rglob("*.yaml"):
        assert len(re.findall(r"^kind: ", path.read_text(), re.MULTILINE)) == 1, path.name


def test_every_template_has_a_test() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests" / "chart").glob("test_*.py"))
    for path in (chart.DIRECTORY / "templates").rglob("*.*"):
        if path.suffix in {".yaml", ".txt"}:
            assert path.name in tests, path.name


@pytest.mark.parametrize("release", ["pointsman", "p", "a" * 53, "my-pointsman-in-" + "x" * 37])
def test_names_fit_whatever_the_release_is_called(helm: chart.Helm, release: str) -> None:
    objects = helm.render({"replicas": 2}, release=release)
    for each in objects.all:
        assert len(each["metadata"]["name"]) <= (253 if "Role" in each["kind"] else 63)
