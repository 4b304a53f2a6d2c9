"""values.yaml, and the schema and README generated from it."""

import json

import pytest

from tests.chart import chart, generate


def test_the_generated_files_are_up_to_date() -> None:
    for path, text in generate.outputs().items():
        assert path.read_text() == text, f"{path.name}: run `make generate`"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("replicas=0", "at '/replicas': minimum: got 0, want 1"),
        ("replicas=two", "at '/replicas': got string, want integer"),
        ("log.format=xml", "at '/log/format': value must be one of 'text', 'json'"),
        ("log.level=loud", "at '/log/level': value must be one of"),
        ("watchNamespace=Team_A", "at '/watchNamespace': 'Team_A' does not match pattern"),
        (
            "image.registry=https://registry.test/",
            "at '/image/registry': 'https://registry.test/' does not match",
        ),
        ("image.tag=a b", "at '/image/tag': 'a b' does not match pattern"),
        ("image.pullPolicy=Sometimes", "at '/image/pullPolicy': value must be one of 'Always'"),
        ("image.pulPolicy=Never", "at '/image': additional properties 'pulPolicy' not allowed"),
        ("colour=red", "additional properties 'colour' not allowed"),
        ("xgboost.version=3", "at '/xgboost/version': got number, want string"),
        ("xgboost.version=latest", "at '/xgboost/version': 'latest' does not match pattern"),
        ("loader.cache.size=0Gi", "at '/loader/cache/size': '0Gi' does not match pattern"),
        ("reconcile.workers=0", "at '/reconcile/workers': minimum: got 0, want 1"),
        ("reconcile.drainSeconds=-1", "at '/reconcile/drainSeconds': minimum: got -1, want 0"),
        ("rbac.aggregate=maybe", "at '/rbac/aggregate': got string, want boolean"),
        ("imagePullSecrets[0]=name", "at '/imagePullSecrets/0': got string, want object"),
        ("imagePullSecrets[0].nme=x", "missing property 'name'"),
        ("nodeSelector.pool=1", "at '/nodeSelector/pool': got number, want string"),
        ("resources.limit.cpu=1", "at '/resources': additional properties 'limit' not allowed"),
        ("affinity.nodeAfinity.x=1", "at '/affinity': additional properties 'nodeAfinity' not allowed"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(helm: chart.Helm, setting: str, message: str) -> None:
    with pytest.raises(chart.RefusedError) as caught:
        helm.run("template", "pointsman", str(chart.DIRECTORY), "--kube-version", "1.30.0", "--set", setting)
    assert message in str(caught.value)


def test_every_value_reaches_a_template() -> None:
    templates = "".join(path.read_text() for path in (chart.DIRECTORY / "templates").rglob("*.*"))
    for value in generate.read((chart.DIRECTORY / "values.yaml").read_text()):
        assert f".Values.{value.name}" in templates, value.name


def test_the_schema_says_for_every_value_what_it_is() -> None:
    values = generate.read((chart.DIRECTORY / "values.yaml").read_text())
    root = json.loads(generate.schema(values))
    assert root["additionalProperties"] is False
    tag = root["properties"]["image"]["properties"]["tag"]
    assert tag["description"] == "The tag of Pointsman's images; empty means the chart's appVersion."
    assert (tag["type"], tag["default"]) == ("string", "")


def test_the_readme_has_a_row_for_every_value() -> None:
    values = generate.read((chart.DIRECTORY / "values.yaml").read_text())
    text = generate.readme("@VALUES@", values)
    assert [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")] == [
        v.name for v in values
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("replicas: 1", "replicas: a whole sentence must stand above it"),
        ("# how many\nreplicas: 1", "replicas: a whole sentence"),
        ("# Not right above it.\n\nreplicas: 1", "replicas: a whole sentence"),
        ("a:\n  # Good.\n  b: 1\n  c: 2", r"a\.c: a whole sentence"),
        ("# A value.\nvalue:", "value: its default must say its type"),
    ],
)
def test_a_value_that_nobody_describes_is_refused(text: str, message: str) -> None:
    with pytest.raises(generate.ValuesError, match=message):
        generate.read(text)
