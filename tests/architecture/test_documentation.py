"""What the status may say is explained in the README, and what the README names the programs tell too."""

import re
from pathlib import Path

import pytest

from endpoint_contract import failures, labels
from endpoint_operator.rollout import reasons
from model_loader import settings as loader_settings
from xgboost_server import selectable, settings
from xgboost_server.codecs import registry

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
WELL = {
    *(reasons.COMPLETE, reasons.STARTING_PODS, reasons.ROLLING_OUT, reasons.WAITING_FOR_ROUTERS),
    *(reasons.CUTTING_OVER, reasons.DRAINING, reasons.BEING_DELETED, reasons.SERVING, reasons.AS_ASKED),
    *(reasons.APPLIED, reasons.APPLYING),
}
TROUBLES = failures.REASONS | {
    word for name, word in vars(reasons).items() if name.isupper() and word not in WELL
}
# The keys that a Secret may have for each dataUrl.
DATA_URLS = README.split("| dataUrl |")[1].partition("\n\n")[0]


@pytest.mark.parametrize("reason", sorted(TROUBLES))
def test_the_readme_says_what_to_do_about_each_trouble(reason: str) -> None:
    assert f"`{reason}`" in README


@pytest.mark.parametrize("name", [*registry.READERS, *registry.WRITERS, *selectable.KEYS])
def test_the_readme_names_each_format_and_each_selectable_output(name: str) -> None:
    assert re.search(rf"[`,]{re.escape(name)}[`,]", README)


@pytest.mark.parametrize(
    "variable",
    [
        *(settings.OUTPUT, settings.DEFAULT_ACCEPT, settings.ENSEMBLE, settings.BATCH),
        settings.MAX_CONTENT_LENGTH,
    ],
)
def test_the_readme_names_each_variable_of_the_model_server(variable: str) -> None:
    assert f"`{variable}`" in README


@pytest.mark.parametrize("path", ["README.md", "charts/pointsman/README.md.in", "CHANGELOG.md"])
def test_each_document_that_tells_of_upgrades_names_the_annotation_that_starts_pods_anew(path: str) -> None:
    assert labels.RESTART in (ROOT / path).read_text()


@pytest.mark.parametrize("variable", [*re.findall(r"`([A-Z]+_[A-Z_]+)", DATA_URLS), "CA_CERTIFICATES"])
def test_the_loaders_help_names_each_variable_of_the_readmes_table(
    variable: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        loader_settings.read(["--help"], {})
    assert re.search(rf"\b{variable}\b", capsys.readouterr().out)
