"""The base image comes from where the machine's own packages come from."""

import pytest

from tests.cluster import base_image

LINES = """\
# deb http://commented.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb [signed-by=/usr/share/keyrings/k.gpg arch=amd64] http://mirror.example/debian bookworm main contrib
"""
BLOCKS = """\
Types: deb
URIs: http://tools.example/apt
Suites: nodistro
Components: main

# A comment
Types: deb
URIs: http://mirror.example/debian http://second.example/debian
Suites: bookworm bookworm-updates
Components: main
"""


@pytest.mark.parametrize("text", [LINES, BLOCKS], ids=["one line a source", "deb822"])
def test_the_source_of_the_suite_is_found_in_both_formats(text: str) -> None:
    assert base_image.find_mirror(text, "bookworm") == "http://mirror.example/debian"


def test_no_source_of_the_suite_is_no_mirror() -> None:
    assert base_image.find_mirror(LINES + BLOCKS, "trixie") is None


def test_another_suite_is_another_image() -> None:
    one, other = (
        base_image.Source("http://mirror.example", suite, ("main",)) for suite in ("bookworm", "trixie")
    )
    assert base_image.reference(one) != base_image.reference(other)
