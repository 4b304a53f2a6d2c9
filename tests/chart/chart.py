"""Renders the chart with the real Helm, and finds objects in what comes out."""

import pathlib
import subprocess
from dataclasses import dataclass
from typing import Any

import yaml

DIRECTORY = pathlib.Path(__file__).resolve().parents[2] / "charts" / "pointsman"
# The oldest Kubernetes that the chart admits.
KUBE_VERSION = "1.30.0"

Object = dict[str, Any]


class RefusedError(Exception):
    """Helm refused; the message is what a user reads."""


@dataclass(frozen=True)
class Objects:
    """What one rendering gives."""

    all: tuple[Object, ...]

    def of_kind(self, kind: str) -> list[Object]:
        return [each for each in self.all if each["kind"] == kind]

    def one(self, kind: str, name: str | None = None) -> Object:
        """The only object of this kind (and name)."""
        found = [each for each in self.of_kind(kind) if name in {None, each["metadata"]["name"]}]
        assert len(found) == 1, f"{len(found)} objects {kind} {name or ''}"
        return found[0]

    @property
    def operator(self) -> Object:
        """The operator's container."""
        containers = self.one("Deployment")["spec"]["template"]["spec"]["containers"]
        assert len(containers) == 1
        container: Object = containers[0]
        return container

    @property
    def environment(self) -> dict[str, str]:
        """The operator's environment, as far as it holds plain values."""
        return {each["name"]: each["value"] for each in self.operator["env"] if "value" in each}


@dataclass(frozen=True)
class Helm:
    """The real program."""

    program: str

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """What it prints. Raises RefusedError with its words."""
        done = subprocess.run(
            [self.program, *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise RefusedError(done.stderr)
        return done.stdout

    def render(
        self,
        values: Object | None = None,
        *,
        release: str = "pointsman",
        namespace: str = "pointsman-system",
        kube_version: str = KUBE_VERSION,
    ) -> Objects:
        """``helm template`` with these values."""
        printed = self.run(
            *("template", release, str(DIRECTORY), "--namespace", namespace),
            *("--kube-version", kube_version, "--values", "-"),
            stdin=yaml.safe_dump(values or {}),
        )
        return Objects(tuple(each for each in yaml.safe_load_all(printed) if each))
