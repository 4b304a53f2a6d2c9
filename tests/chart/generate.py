"""``python -m tests.chart.generate``: write the chart's schema and README from its values.

Every value's description, bounds and default stand in values.yaml and nowhere else: the comment right above a value is
its description, and a comment ``# @schema {…}`` adds JSON schema keywords.
"""

import json
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

CHART = pathlib.Path(__file__).resolve().parents[2] / "charts" / "pointsman"
_MARK = "@schema "
_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_NOTICE = "<!-- Generated from values.yaml and README.md.in by `make generate`. -->\n\n"


class ValuesError(ValueError):
    """values.yaml does not say enough; the message names the value."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its path, default, description and further JSON schema keywords."""

    path: tuple[str, ...]
    default: Any
    description: str
    keywords: dict[str, Any]

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def schema(self) -> dict[str, Any]:
        """The JSON schema of this value."""
        return {
            "description": self.description,
            "type": _TYPES[type(self.default)],
            "default": self.default,
            **self.keywords,
        }


def read(text: str) -> list[Value]:
    """All values in the order of values.yaml. Raises ValuesError for one that no whole sentence describes."""
    root = yaml.compose(text)
    if not isinstance(root, yaml.MappingNode):
        raise ValuesError("values.yaml must be a mapping")
    return list(_values(root, yaml.safe_load(text), text.splitlines(), ()))


def schema(values: list[Value]) -> str:
    """The JSON document with which Helm checks what a user sets."""
    root: dict[str, Any] = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the Pointsman chart",
        **_section(),
    }
    # Helm itself passes `global` on to every chart.
    root["properties"]["global"] = {"type": "object"}
    for value in values:
        node = root
        for part in value.path[:-1]:
            node = node["properties"].setdefault(part, _section())
        node["properties"][value.path[-1]] = value.schema()
    return json.dumps(root, indent=2) + "\n"


def readme(template: str, values: list[Value]) -> str:
    """The README, its table of values filled in."""
    rows = [f"| `{value.name}` | `{json.dumps(value.default)}` | {value.description} |" for value in values]
    table = "\n".join(["| value | default | |", "|---|---|---|", *rows])
    return _NOTICE + template.replace("@VALUES@", table)


def outputs(chart: pathlib.Path = CHART) -> dict[pathlib.Path, str]:
    """What the generated files should hold."""
    values = read((chart / "values.yaml").read_text())
    return {
        chart / "values.schema.json": schema(values),
        chart / "README.md": readme((chart / "README.md.in").read_text(), values),
    }


def _section() -> dict[str, Any]:
    # A misspelt value is refused instead of being without effect.
    return {"type": "object", "additionalProperties": False, "properties": {}}


def _values(
    node: yaml.MappingNode, defaults: dict[str, Any], lines: list[str], path: tuple[str, ...]
) -> Iterator[Value]:
    for key, content in node.value:
        here = (*path, str(key.value))
        comment = _comment_above(lines, key.start_mark.line)
        # A mapping without a description of its own only groups values.
        if not comment and isinstance(content, yaml.MappingNode) and content.value:
            yield from _values(content, defaults[here[-1]], lines, here)
        else:
            yield _value(here, defaults[here[-1]], comment)


def _value(path: tuple[str, ...], default: Any, comment: list[str]) -> Value:
    name = ".".join(path)
    description = " ".join(line for line in comment if not line.startswith(_MARK))
    if not description or not description[0].isupper() or not description.endswith("."):
        raise ValuesError(f"{name}: a whole sentence must stand above it")
    if type(default) not in _TYPES:
        raise ValuesError(f"{name}: its default must say its type")
    keywords: dict[str, Any] = {}
    for line in comment:
        if line.startswith(_MARK):
            keywords.update(yaml.safe_load(line.removeprefix(_MARK)))
    return Value(path=path, default=default, description=description, keywords=keywords)


def _comment_above(lines: list[str], number: int) -> list[str]:
    """The lines of the comment that ends right above line ``number`` (from 0), without their marks."""
    comment: list[str] = []
    while number > 0 and lines[number - 1].lstrip().startswith("#"):
        number -= 1
        comment.insert(0, lines[number].lstrip().removeprefix("#").strip())
    return comment


def main() -> None:
    """Write what differs, and say so."""
    for path, text in outputs().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote: {path.relative_to(CHART.parents[1])}")


if __name__ == "__main__":
    main()
