"""Four XGBoost versions behind one endpoint, each from its own image, with one model that all of them read."""

import json
import os
import subprocess
from collections.abc import Callable

import pytest

from tests.cluster import Cluster, images
from tests.demo import models, store, traffic
from tests.e2e import conftest, endpoints
from tests.xgboost_versions.test_recordings import RECORDINGS

Handle = Callable[[str], endpoints.LiveEndpoint]
OLDEST = "1.7.6"
RELEASES = {"Oldest": OLDEST, "Older": "2.1.4", "Newer": "3.0.5", "Newest": "3.2.0"}

COLD = pytest.mark.timeout(1200)
"""The first test that runs builds the images that no other test needs."""


@pytest.fixture(scope="module")
def old_model(cluster: Cluster, data_urls: dict[str, str]) -> str:
    """URL of a model that the oldest version wrote."""
    recipe = models.ModelRecipe("Oldest", OLDEST, slice(0, 1500), "churn/oldest/model.tar.gz")
    store.upload(cluster, conftest.STORE_NAMESPACE, {recipe.key: models.artefact(recipe, print)})
    return data_urls["Variant1"].replace("churn/1/model.tar.gz", recipe.key)


def of(release: str, variant: str, url: str) -> endpoints.VariantSpec:
    return endpoints.VariantSpec(variant, url, image=images.reference(f"xgboost-{release}"))


@pytest.fixture(scope="module", autouse=True)
def _images() -> None:
    images.provide([f"xgboost-{release}" for release in RELEASES.values()])


@COLD
def test_four_versions_serve_one_model_side_by_side(endpoint: Handle, old_model: str, row: str) -> None:
    live = endpoint("versions")
    live.apply_config("versions-1", [of(release, name, old_model) for name, release in RELEASES.items()])
    live.apply("versions-1")
    live.wait_until_ready()
    runtime = traffic.client(live.url())
    answers = {name: traffic.invoke(runtime, "versions", row, target=name) for name in RELEASES}
    assert {name: served_by for name, (served_by, _) in answers.items()} == {name: name for name in RELEASES}
    assert len({score for _, score in answers.values()}) == 1
    live.delete()


@COLD
def test_a_model_newer_than_its_image_is_refused_naming_both_versions(
    endpoint: Handle, data_urls: dict[str, str]
) -> None:
    live = endpoint("too-new")
    live.apply_config("too-new-1", [of(OLDEST, "Variant2", data_urls["Variant2"])])
    live.apply("too-new-1")
    said = live.wait_for_condition("Degraded", "True", reason="ModelLoadFailed")["message"]
    assert "was written by XGBoost 3.2.0, which is newer than the running XGBoost 1.7.6" in said
    live.delete()


@COLD
def test_the_oldest_image_converts_a_pickle_between_pipes(cluster: Cluster, namespace: str) -> None:
    image = images.reference(f"xgboost-{OLDEST}")
    command = ["kubectl", "run", "convert", "--rm", "-i", "--quiet", "--restart=Never", f"--image={image}"]
    done = subprocess.run(
        [*command, "--namespace", namespace, "--", "convert", "-", "-"],
        input=(RECORDINGS / "xgboost-0.90.pickle").read_bytes(),
        env={**os.environ, **cluster.environment},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["version"] == [1, 7, 6]
    assert b"standard input (a pickled Booster): dart, binary:logistic" in done.stderr
