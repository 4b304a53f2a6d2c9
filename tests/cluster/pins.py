"""Writes tests/cluster/kubernetes/go.mod anew, after a change of versions.py."""

import json
import re
from pathlib import Path

from tests.cluster import commands, go_toolchain, layout, tools, versions

_HEAD = """\
// The programs of the test cluster: `python -m tests.cluster tools` builds every `tool` of this file.
// helm and CoreDNS need other versions of the client libraries and are installed apart.
// Written by `python -m tests.cluster pin`.
module pointsman.dev/tests/cluster/kubernetes
"""
_STAGED = re.compile(r"^\s*(k8s\.io/\S+) => \./staging/", re.MULTILINE)


def write() -> None:
    """Write go.mod and let Go complete it, with go.sum."""
    program = go_toolchain.find(layout.current().cache)
    kubernetes = f"k8s.io/kubernetes@v{versions.KUBERNETES}"
    told = commands.run(
        [program, "mod", "download", "-json", kubernetes], environment=go_toolchain.environment()
    )
    file = tools.MODULE / "go.mod"
    file.write_text(go_mod(Path(json.loads(told)["GoMod"]).read_text()))
    writing = {**go_toolchain.environment(), "GOFLAGS": "-mod=mod"}
    commands.run([program, "mod", "tidy"], directory=tools.MODULE, environment=writing)


def go_mod(of_kubernetes: str) -> str:
    """Our go.mod from that of Kubernetes; the parts that it takes from its own tree, we take published."""
    parts = sorted(_STAGED.findall(of_kubernetes))
    published = f"v0.{versions.KUBERNETES.partition('.')[2]}"
    programs = [f"k8s.io/kubernetes/cmd/{name}" for name in versions.KUBERNETES_PROGRAMS]
    required = [f"go.etcd.io/etcd/server/v3 v{versions.ETCD}", f"k8s.io/kubernetes v{versions.KUBERNETES}"]
    return "\n".join(
        [
            _HEAD,
            f"go {versions.GO[0]}.{versions.GO[1]}.0\n",
            _block("tool", ["go.etcd.io/etcd/server/v3", *programs]),
            _block("require", required),
            _block("replace", [f"{part} => {part} {published}" for part in parts]),
        ]
    )


def _block(word: str, lines: list[str]) -> str:
    return "\n".join([f"{word} (", *(f"\t{line}" for line in lines), ")\n"])
