"""tests/readiness.yaml: what `helm test` runs."""

import http.server
import subprocess
import sys
import threading
from typing import Any

from tests.chart import chart


def test_it_is_a_test_and_goes_when_it_succeeded(rendered: chart.Objects) -> None:
    annotations = rendered.one("Pod")["metadata"]["annotations"]
    assert annotations["helm.sh/hook"] == "test"
    assert annotations["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"


def test_it_is_restricted_and_gets_no_token(rendered: chart.Objects) -> None:
    pod = rendered.one("Pod")["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"] == rendered.operator["securityContext"]
    assert pod["containers"][0]["image"] == rendered.operator["image"]


def test_it_asks_the_service_in_front_of_the_operator(rendered: chart.Objects) -> None:
    address = rendered.one("Pod")["spec"]["containers"][0]["command"][-1]
    service = rendered.one("Service")["metadata"]
    assert address == f"http://{service['name']}.{service['namespace']}.svc:8080/readyz"


def test_its_script_passes_as_soon_as_the_operator_is_ready(rendered: chart.Objects) -> None:
    """The very script, with a server that is not ready the first time."""
    statuses = [503, 200]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses.pop(0))
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            pass

    python, *arguments, _ = rendered.one("Pod")["spec"]["containers"][0]["command"]
    assert python == "python3"
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/readyz"
        done = subprocess.run(
            [sys.executable, *arguments, address], capture_output=True, text=True, timeout=30, check=True
        )
        server.shutdown()
        thread.join()
    assert done.stdout == f"{address} 200 ok\n"
    assert statuses == []
