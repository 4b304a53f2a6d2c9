"""The API server over plain HTTP on loopback (``kubectl proxy``), for requests whose time is measured."""

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.cluster import Cluster


@contextmanager
def running(cluster: Cluster) -> Iterator[str]:
    """The base URL of the API for as long as the block runs."""
    command = ["kubectl", "proxy", "--port=0"]
    environment = {**os.environ, **cluster.environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"127\.0\.0\.1:\d+", process.stdout.readline())
            assert found is not None
            yield f"http://{found[0]}"
        finally:
            process.terminate()


def merge_patch(api: str, namespace: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Patches an Endpoint's spec and returns the object that the API server made of it."""
    request = urllib.request.Request(
        f"{api}/apis/pointsman.dev/v1alpha1/namespaces/{namespace}/endpoints/{name}",
        data=json.dumps({"spec": spec}).encode(),
        headers={"Content-Type": "application/merge-patch+json"},
        method="PATCH",
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.load(answer))
