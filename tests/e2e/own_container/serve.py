"""A model server of somebody else: Python's plain HTTP/1.0 server, which answers how many trees its model has.

Run as ``serve.py serve``, as SageMaker runs a container; it imports nothing of the project. Requests with the custom
attribute ``hold`` are answered after a GET of /release; GET /held tells how many came.
"""

import http.server
import json
import os
import pathlib
import sys
import threading
from typing import ClassVar


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection; closed after its answer, which has no length."""

    trees = 0
    held: ClassVar[list[bytes]] = []
    released = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/release":
            self.released.set()
        is_known = self.path in ("/ping", "/held", "/release")
        self.answer(200 if is_known else 404, str(len(self.held)).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["X-Amzn-SageMaker-Custom-Attributes"] == "hold":
            self.held.append(body)
            self.released.wait()
        try:
            row = [float(cell) for cell in body.split(b",")]
        except ValueError:
            self.answer(400, b"not a row of numbers")
            return
        self.answer(200, json.dumps({"trees": self.trees, "cells": len(row)}).encode())

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Amzn-SageMaker-Custom-Attributes", f"served-by={type(self).__module__}")
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    """Its backlog is not Python's five, of which the rest would be turned away, to the other variant."""

    request_queue_size = 128


if __name__ == "__main__":
    if sys.argv[1:] != ["serve"]:
        sys.exit(f"not what SageMaker says to a container: {sys.argv[1:]}")
    folder = pathlib.Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
    (file,) = folder.glob("[!.]*")
    model = json.loads(file.read_text())["learner"]["gradient_booster"]["model"]
    Handler.trees = len(model["trees"])
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    Server(("", port), Handler).serve_forever()
