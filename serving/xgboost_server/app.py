"""The running server: its paths, its threads, its beginning and its orderly end."""

import asyncio
import functools
import gc
import logging
import time
from collections.abc import Callable, Mapping
from concurrent import futures

import numpy as np
import orjson
import uvloop

from http_protocol import heads, server
from process_group import forked, freed_memory, listening
from xgboost_server import (
    booster,
    dataplane,
    invocations,
    metrics,
    open_inference,
    pipeline,
    selectable,
    settings,
    sharing,
)
from xgboost_server.codecs import registry

_logger = logging.getLogger(__name__)

GRACE_SECONDS = 60.0
"""For how long requests in flight may go on after SIGTERM; SageMaker's time-out of a request."""
_CUT_SECONDS = 5.0
"""Beyond it, until workers that are still there are killed."""

_JSON = heads.render([("Content-Type", "application/json")])
_METRICS = heads.render([("Content-Type", "text/plain; version=0.0.4; charset=utf-8")])

Routes = Mapping[str, tuple[str, server.Handler]]
"""Path → method and handler."""


def run(configuration: settings.Settings, predictor: dataplane.Predictor) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight. Raises OSError when the port is taken."""
    # Before there are workers, which would disturb each other's measurement.
    cost = dataplane.measure(predictor, time.perf_counter)
    _logger.info("a row costs %.0f us, a call %.0f us", cost.row_seconds * 1e6, cost.call_seconds * 1e6)
    gc.freeze()  # the model and the modules stay: no collection walks them, and workers share their memory
    freed_memory.keep()
    if configuration.workers == 1:
        uvloop.run(_serve(configuration, predictor, cost, sharing.Alone(configuration)))
    else:
        _run_workers(configuration, predictor, cost)


def _run_workers(
    configuration: settings.Settings, predictor: dataplane.Predictor, cost: dataplane.Cost
) -> None:
    listener = listening.listen(configuration.host, configuration.port)

    def work(seat: forked.Seat) -> None:
        place = sharing.AmongOthers(configuration, predictor.summary, seat)
        uvloop.run(_serve(configuration, predictor, cost, place))

    def on_ready() -> None:
        port = listener.getsockname()[1]
        _logger.info("listening on %s:%d, %d workers", configuration.host, port, configuration.workers)

    forked.Group(configuration.workers, listener, work).run(on_ready, GRACE_SECONDS + _CUT_SECONDS)


async def _serve(
    configuration: settings.Settings,
    predictor: dataplane.Predictor,
    cost: dataplane.Cost,
    place: sharing.Sharing,
) -> None:
    stopping = asyncio.Event()
    place.listen_for_the_end(stopping.set)
    counts = metrics.Metrics(predictor.summary)
    plane = dataplane.Dataplane(predictor, cost, configuration.threads)
    # The batch thread is apart from the others, so that small requests never queue behind large ones.
    batch_thread = futures.ThreadPoolExecutor(1, "batch")
    # Each holds a whole body and its rows: all processes together have as many as one would.
    large_threads = futures.ThreadPoolExecutor(-(-configuration.threads // configuration.workers), "large")
    predictions = pipeline.Pipeline(plane, counts, batch_thread=batch_thread, large_threads=large_threads)
    render = functools.partial(place.render, counts)
    handler = contract(configuration, predictor, predictions, render)
    served = await place.listen(handler, counts)
    try:
        await stopping.wait()
        _logger.info("stopping: %d requests in flight", served.busy)
        await served.close(grace_seconds=GRACE_SECONDS)
    finally:
        for executor in (batch_thread, large_threads):
            executor.shutdown(wait=False, cancel_futures=True)
        plane.close()
        place.close()


def contract(
    configuration: settings.Settings,
    predictor: dataplane.Predictor,
    predictions: pipeline.Pipeline,
    render: Callable[[], bytes],
) -> server.Handler:
    """The handler of all requests: SageMaker's container contract and the Open Inference Protocol."""
    writers = _writers(configuration, predictor.summary)
    sagemaker = invocations.Invocations(predictions, writers)
    v2 = open_inference.OpenInference(predictions, features=predictor.features, outputs=_outputs(predictor))
    return dispatcher(_routes(sagemaker, render, configuration), v2.handle)


def _writers(configuration: settings.Settings, model: booster.Summary) -> registry.Writers:
    keys = configuration.output_keys
    selection = selectable.Selection(keys, objective=model.objective, classes=model.classes) if keys else None
    if selection is not None and not selection.is_possible:
        _logger.warning(
            "%s has no selectable output: every prediction will be answered with 500", model.objective
        )
    return registry.Writers(
        default=configuration.default_accept, selection=selection, is_batch=configuration.is_batch
    )


def _outputs(predictor: dataplane.Predictor) -> tuple[int, ...]:
    """The shape of a row's prediction: only a prediction tells it for every objective."""
    return predictor.predict(np.full((1, predictor.features), np.nan, dtype=np.float32)).shape[1:]


def dispatcher(routes: Routes, open_inference: server.Handler) -> server.Handler:
    """A handler that finds the path's own, or answers 404 or 405; ``open_inference`` has all below ``/v2``."""

    def dispatch(exchange: server.Exchange) -> None:
        request = exchange.request
        route = routes.get(request.target) or routes.get(request.path)
        if route is None and (request.path == "/v2" or request.path.startswith("/v2/")):
            open_inference(exchange)
        elif route is None:
            exchange.respond(404, invocations.TEXT, b"no such path; predictions are at POST /invocations")
        elif request.method == route[0] or (request.method == "HEAD" and route[0] == "GET"):
            route[1](exchange)
        else:
            allow = heads.render([("Content-Type", "text/plain; charset=utf-8"), ("Allow", route[0])])
            exchange.respond(405, allow, f"only {route[0]} is possible here".encode())

    return dispatch


def _routes(
    handler: invocations.Invocations, render: Callable[[], bytes], configuration: settings.Settings
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
        "/metrics": ("GET", lambda exchange: exchange.respond(200, _METRICS, render())),
    }


def _document(content: Mapping[str, object]) -> Callable[[server.Exchange], None]:
    body = orjson.dumps(content)
    return lambda exchange: exchange.respond(200, _JSON, body)
