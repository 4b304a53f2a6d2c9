"""Writes the CRDs from the models: ``python -m endpoint_operator.api.generate [--check]``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from endpoint_operator.api import crd

_REPOSITORY = Path(__file__).resolve().parents[3]
FOLDERS = (Path("crds"), Path("charts/pointsman/crds"))
"""Helm installs what is in the chart's folder and never upgrades it; the other one is for kubectl."""

_HEADER = (
    "# Generated from operator/endpoint_operator/api by `make generate`: change the models, not this file.\n"
)


class _Dumper(yaml.SafeDumper):
    """YAML without anchors: a reader should not have to look up what stands elsewhere."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def files(root: Path) -> dict[Path, str]:
    """The contents of every generated file under the repository ``root``, by path."""
    contents = {f"{item['metadata']['name']}.yaml": _text(item) for item in crd.documents()}
    return {root / folder / name: text for folder in FOLDERS for name, text in contents.items()}


def stale(root: Path) -> list[Path]:
    """The generated files that are missing or differ from the models."""
    return [path for path, text in files(root).items() if not path.is_file() or path.read_text() != text]


def main(arguments: Sequence[str] | None = None, *, root: Path = _REPOSITORY) -> int:
    """Writes what differs. With ``--check`` it only says what does, and that is exit code 1."""
    parser = argparse.ArgumentParser(prog="generate", description="Write the CRDs from the models.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when a file is not up to date"
    )
    check = parser.parse_args(arguments).check
    contents = files(root)
    different = stale(root)
    for path in different:
        sys.stdout.write(f"{'not up to date' if check else 'wrote'}: {path.relative_to(root)}\n")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(contents[path])
    return int(check and bool(different))


def _text(document: dict[str, Any]) -> str:
    return _HEADER + yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=100)


if __name__ == "__main__":
    sys.exit(main())
