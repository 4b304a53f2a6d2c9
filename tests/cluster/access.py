"""What tests and the demo hold in their hands: a cluster, whoever's it is, and kubectl and helm for it."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster import api, commands, errors, layout, lifecycle, tools


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that answers. `is_ours`: it is the harness's, so that its parts may be stopped."""

    kubeconfig: Path
    is_ours: bool

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 120) -> str:
        """Run kubectl and return what it prints; raises HarnessError with its message when it fails."""
        return self._run(_program("kubectl", self.is_ours), arguments, stdin, timeout)

    def helm(self, *arguments: str, stdin: str | None = None, timeout: float = 300) -> str:
        """Run helm (built first, if need be) and return what it prints; raises HarnessError when it fails."""
        return self._run(helm_program(), arguments, stdin, timeout)

    def read(self, path: str) -> dict[str, Any]:
        """What the API server answers for a path, e.g. ``/api/v1/namespaces/default/pods``; raises HarnessError.

        To look again and again: a kubectl each time would take the processor from what is waited for.
        """
        if not self.is_ours:
            return dict(json.loads(self.kubectl("get", "--raw", path)))
        found: list[dict[str, Any]] = []

        def is_read() -> bool:
            # A server that was just busy for some seconds is asked again.
            answer = api.read(layout.current(), path)
            found.extend([] if answer is None else [answer])
            return bool(found)

        commands.wait_until(is_read, f"the API server tells of {path}", seconds=20, every=0.2)
        return found[0]

    @property
    def environment(self) -> dict[str, str]:
        """What to add to a process's environment so that it uses this cluster and these tools."""
        return {"KUBECONFIG": str(self.kubeconfig), "PATH": tools.search_path()}

    def _run(self, program: str, arguments: tuple[str, ...], stdin: str | None, timeout: float) -> str:
        return commands.run([program, *arguments], stdin=stdin, environment=self.environment, timeout=timeout)


def chosen() -> Cluster | None:
    """The cluster of the user's own KUBECONFIG; None when it is unset or leads to the harness's cluster.

    Raises HarnessError when only half of what a cluster of one's own needs is set.
    """
    setting = os.environ.get("KUBECONFIG")
    if not setting and os.environ.get("IMAGE_REGISTRY"):
        raise errors.HarnessError(
            "IMAGE_REGISTRY is set, and KUBECONFIG is not: set it to the cluster that is to run the images, e.g. "
            "KUBECONFIG=$HOME/.kube/config, or unset IMAGE_REGISTRY for a cluster that is made here"
        )
    if not setting or Path(setting).resolve() == layout.current().kubeconfig:
        return None
    return Cluster(kubeconfig=Path(setting), is_ours=False)


def ensure_up() -> Cluster:
    """The user's own cluster, or the harness's, started if it does not run (the first time: minutes)."""
    cluster = chosen()
    if cluster is not None:
        cluster.kubectl("get", "--raw", "/readyz", timeout=20)
        return cluster
    current = layout.current()
    lifecycle.up(current)
    return Cluster(kubeconfig=current.kubeconfig, is_ours=True)


def helm_program() -> str:
    """A `helm` to run, the pinned one: chart tests must not depend on what the machine has."""
    tools.install(("helm",))
    return str(tools.path("helm"))


def _program(name: str, is_ours: bool) -> str:
    """The user's kubectl fits the user's cluster; without one, ours is near enough."""
    on_path = shutil.which(name)
    if on_path and not is_ours:
        return on_path
    tools.install((name,))
    return str(tools.path(name))
