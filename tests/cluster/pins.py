"""Writes tests/cluster/programs/go.mod anew, after a change of versions.py."""

import json
import re
from pathlib import Path

from tests.cluster import commands, go_toolchain, layout, versions

_HEAD = """\
// The programs of the test cluster, built by `python -m tests.cluster tools`.
// Written by `python -m tests.cluster pin`.
module pointsman.dev/tests/cluster/programs
"""
_STAGED = re.compile(r"^\s*(k8s\.io/\S+) => \./staging/", re.MULTILINE)


def write() -> None:
    """Write go.mod and let Go complete it, with go.sum."""
    program = go_toolchain.find(layout.current().cache)
    kubernetes = f"k8s.io/kubernetes@v{versions.KUBERNETES}"
    told = commands.run(
        [program, "mod", "download", "-json", kubernetes], environment=go_toolchain.environment()
    )
    file = layout.PROGRAMS / "go.mod"
    file.write_text(go_mod(Path(json.loads(told)["GoMod"]).read_text()))
    writing = {**go_toolchain.environment(), "GOFLAGS": "-mod=mod"}
    commands.run([program, "mod", "tidy"], directory=layout.PROGRAMS, environment=writing)


def go_mod(of_kubernetes: str) -> str:
    """Our go.mod from that of Kubernetes; the parts that it takes from its own tree, we take published."""
    parts = sorted(_STAGED.findall(of_kubernetes))
    published = f"v0.{versions.KUBERNETES.partition('.')[2]}"
    others = sorted(package for package in versions.PACKAGES.values() if not package.startswith("./"))
    required = sorted(f"{module} v{version}" for module, version in versions.MODULES.items())
    return "\n".join(
        [
            _HEAD,
            f"go {versions.GO[0]}.{versions.GO[1]}.0\n",
            _block("tool", others),
            _block("require", required),
            _block("replace", [f"{part} => {part} {published}" for part in parts]),
        ]
    )


def _block(word: str, lines: list[str]) -> str:
    return "\n".join([f"{word} (", *(f"\t{line}" for line in lines), ")\n"])
