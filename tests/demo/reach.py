"""How a client outside the pods reaches a Service: directly where the node is this machine, else by port-forward."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster import Cluster, HarnessError


@contextmanager
def service(cluster: Cluster, namespace: str, name: str, port: int) -> Iterator[str]:
    """The base URL of ``name``'s ``port`` for as long as the block runs."""
    if cluster.is_ours:
        address = cluster.kubectl("get", "-n", namespace, "service", name, "-o", "jsonpath={.spec.clusterIP}")
        yield f"http://{address.strip()}:{port}"
        return
    with _forwarded(cluster, namespace, name, port) as url:
        yield url


@contextmanager
def _forwarded(cluster: Cluster, namespace: str, name: str, port: int) -> Iterator[str]:
    command = ["kubectl", "port-forward", "-n", namespace, f"service/{name}", f":{port}"]
    environment = {**os.environ, **cluster.environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            found = re.search(r"127\.0\.0\.1:(\d+)", first)
            if found is None:
                raise HarnessError(
                    f"kubectl port-forward to service/{name} failed: {first.strip() or 'no output'}"
                )
            yield f"http://127.0.0.1:{found[1]}"
        finally:
            process.terminate()
