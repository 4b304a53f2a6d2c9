from pathlib import Path

import pytest

from tests.cluster import access, errors, layout


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBECONFIG", "IMAGE_REGISTRY"):
        monkeypatch.delenv(name, raising=False)


def test_without_settings_the_cluster_is_made_here() -> None:
    assert access.chosen() is None


def test_a_kubeconfig_names_a_cluster_of_the_users_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    assert access.chosen() == access.Cluster(kubeconfig=tmp_path / "config", is_ours=False)


def test_the_kubeconfig_that_make_cluster_prints_names_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(layout.current().kubeconfig))
    assert access.chosen() is None


def test_a_registry_without_a_cluster_to_run_its_images_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_REGISTRY", "registry.example.com/team")
    with pytest.raises(errors.HarnessError, match="KUBECONFIG is not: set it to the cluster"):
        access.chosen()
