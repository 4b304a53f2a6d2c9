"""NOTES.txt: what somebody reads who has just installed the chart."""

import pathlib
import shutil

import pytest
import yaml

from endpoint_operator.api import parse
from tests.chart import chart

# Helm shows the notes only when it talks to a cluster, so they are rendered as the content of an object here.
_AS_OBJECT = """\
kind: Notes
metadata: {name: notes}
text: {{ tpl (.Files.Get "NOTES.txt") . | toJson }}
"""


@pytest.fixture
def copy(tmp_path: pathlib.Path) -> pathlib.Path:
    copied = tmp_path / "pointsman"
    shutil.copytree(chart.DIRECTORY, copied)
    (copied / "templates" / "NOTES.txt").rename(copied / "NOTES.txt")
    (copied / "templates" / "notes.yaml").write_text(_AS_OBJECT)
    return copied


def notes(helm: chart.Helm, copy: pathlib.Path, *options: str) -> str:
    printed = helm.run(
        *(
            "template",
            "pointsman",
            str(copy),
            "--namespace",
            "pointsman-system",
            "--kube-version",
            chart.KUBE_VERSION,
        ),
        *("--show-only", "templates/notes.yaml", *options),
    )
    return str(yaml.safe_load(printed)["text"])


def test_its_manifests_are_good_as_they_stand(helm: chart.Helm, copy: pathlib.Path) -> None:
    _, _, after = notes(helm, copy).partition("<<'END'\n")
    config, endpoint = yaml.safe_load_all(after.partition("\nEND\n")[0])
    for each in (config, endpoint):
        each["metadata"].update(namespace="default", uid="1", generation=1)
    names = [variant.variant_name for variant in parse.endpoint_config(config).spec.production_variants]
    assert names == ["Variant1", "Variant2"]
    assert parse.endpoint(endpoint).spec.endpoint_config_name == config["metadata"]["name"]


def test_it_names_the_release_as_it_was_installed(helm: chart.Helm, copy: pathlib.Path) -> None:
    text = notes(helm, copy)
    assert "Pointsman 0.1.0 serves the Endpoints of every namespace." in text
    assert "kubectl --namespace pointsman-system rollout status deployment/pointsman-operator" in text
    assert "helm test pointsman --namespace pointsman-system" in text


def test_in_one_namespace_its_commands_are_for_that_one(helm: chart.Helm, copy: pathlib.Path) -> None:
    text = notes(helm, copy, "--set", "watchNamespace=team-a")
    assert "serves the Endpoints of namespace team-a." in text
    assert "kubectl apply --namespace team-a -f -" in text
    assert "kubectl patch mlep churn --namespace team-a --type merge" in text


def test_an_upgrade_says_what_helm_leaves_undone(helm: chart.Helm, copy: pathlib.Path) -> None:
    words = "Helm does not upgrade custom resource definitions"
    assert words in notes(helm, copy, "--is-upgrade")
    assert words not in notes(helm, copy)


def test_an_upgrade_says_how_the_operators_log_tells_of_other_schemas(
    helm: chart.Helm, copy: pathlib.Path
) -> None:
    told, shown = "If the operator's log says that they are of another release:", "its log says how to see"
    everywhere = notes(helm, copy, "--is-upgrade")
    assert told in everywhere
    assert shown not in everywhere
    in_one = notes(helm, copy, "--is-upgrade", "--set", "watchNamespace=team-a")
    assert told not in in_one
    assert shown in in_one
