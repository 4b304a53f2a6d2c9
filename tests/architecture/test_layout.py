"""The layout that makes the repository easy to find one's way in, and sizes that keep it readable."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE_ROOTS = (ROOT / "operator", ROOT / "serving")
TOP_LEVEL = {
    *("pyproject.toml", "README.md", "operator", "serving", "crds", "charts", "tests", "Makefile"),
    *("LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "build"),
}
ROOMS = {root: sorted(root.rglob("*.py")) for root in (*SOURCE_ROOTS, ROOT / "tests")}
FILES = [path for files in ROOMS.values() for path in files]
PACKAGES = sorted(path.parent for path in FILES if path.name == "__init__.py")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("root", SOURCE_ROOTS, ids=lambda root: root.name)
def test_a_source_root_is_never_a_package(root: Path) -> None:
    assert not (root / "__init__.py").exists(), "it would hide Python's own module of that name"


def test_the_top_level_holds_the_agreed_entries_only() -> None:
    assert {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_package_says_what_lives_in_it_and_what_may_not(package: Path) -> None:
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text()))
    assert docstring is not None
    assert docstring.count(".") >= 2, "two sentences: what lives here, and what may not"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_350_lines_and_no_function_longer_than_50(path: Path) -> None:
    assert path.read_text().count("\n") <= 350
    assert [node.name for node in functions(path) if length(node) > 50] == []


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_most_functions_are_8_lines_or_less(room: Path) -> None:
    lengths = sorted(length(node) for path in ROOMS[room] for node in functions(path))
    assert lengths[len(lengths) // 2] <= 8
