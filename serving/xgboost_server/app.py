"""The running server: its paths, its threads, its beginning and its orderly end."""

import asyncio
import gc
import logging
import signal
import time
from collections.abc import Callable, Mapping
from concurrent import futures

import orjson

from http_protocol import heads, limits, server
from xgboost_server import batching, dataplane, invocations, metrics, settings

_logger = logging.getLogger(__name__)

GRACE_SECONDS = 60.0
"""For how long requests in flight may go on after SIGTERM; SageMaker's time-out of a request."""

_JSON = heads.render([("Content-Type", "application/json")])
_METRICS = heads.render([("Content-Type", "text/plain; version=0.0.4; charset=utf-8")])

Routes = Mapping[str, tuple[str, server.Handler]]
"""Path → method and handler."""


def refuse(status: int, reason: str) -> tuple[bytes, bytes]:
    """The answer, as text, to a request that never reaches a handler."""
    del status
    return invocations.TEXT, reason.encode()


async def serve(configuration: settings.Settings, predictor: dataplane.Predictor) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight. Raises OSError when the port is taken."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    counts = metrics.Metrics(predictor.summary)
    cost = dataplane.measure(predictor, time.perf_counter)
    plane = dataplane.Dataplane(predictor, cost, configuration.threads)
    # The batch thread is apart from the workers, so that small requests never queue behind large ones.
    batch_thread = futures.ThreadPoolExecutor(1, "batch")
    workers = futures.ThreadPoolExecutor(configuration.threads, "large")
    batcher = batching.Batcher(
        plane.predict,
        inline_rows=plane.inline_rows,
        executor=batch_thread,
        observe=counts.predicted,
        loop=loop,
    )
    handler = invocations.Invocations(
        plane, batcher, workers, counts=counts, default_accept=configuration.default_accept, loop=loop
    )
    gc.freeze()  # the model and the modules stay: no collection needs to walk them
    listening = await server.listen(
        dispatcher(_routes(handler, counts, configuration)),
        configuration.host,
        configuration.port,
        refuse=refuse,
        bounds=limits.Limits(body_bytes=configuration.max_body),
    )
    _logger.info(
        "listening on %s:%d, %d threads, up to %d rows predicted in the event loop",
        configuration.host, listening.port, configuration.threads, plane.inline_rows,
    )  # fmt: skip
    try:
        await stopping.wait()
        _logger.info("stopping: %d requests in flight", listening.busy)
        await listening.close(grace_seconds=GRACE_SECONDS)
    finally:
        for executor in (batch_thread, workers):
            executor.shutdown(wait=False, cancel_futures=True)
        plane.close()


def dispatcher(routes: Routes) -> server.Handler:
    """A handler that finds the path's own, or answers 404 or 405."""

    def dispatch(exchange: server.Exchange) -> None:
        request = exchange.request
        route = routes.get(request.target) or routes.get(request.path)
        if route is None:
            exchange.respond(404, invocations.TEXT, b"no such path; predictions are at POST /invocations")
        elif request.method == route[0] or (request.method == "HEAD" and route[0] == "GET"):
            route[1](exchange)
        else:
            allow = heads.render([("Content-Type", "text/plain; charset=utf-8"), ("Allow", route[0])])
            exchange.respond(405, allow, f"only {route[0]} is possible here".encode())

    return dispatch


def _routes(
    handler: invocations.Invocations, counts: metrics.Metrics, configuration: settings.Settings
) -> Routes:
    parameters = {
        "MaxConcurrentTransforms": configuration.threads,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": max(1, configuration.max_body // (1024 * 1024)),
    }
    return {
        "/invocations": ("POST", handler.handle),
        "/ping": ("GET", lambda exchange: exchange.respond(200, b"", b"")),
        "/execution-parameters": ("GET", _document(parameters)),
        "/metrics": ("GET", lambda exchange: exchange.respond(200, _METRICS, counts.render())),
        "/v2/health/live": ("GET", _document({"live": True})),
        "/v2/health/ready": ("GET", _document({"ready": True})),
    }


def _document(content: Mapping[str, object]) -> Callable[[server.Exchange], None]:
    body = orjson.dumps(content)
    return lambda exchange: exchange.respond(200, _JSON, body)
