"""The data port: each request is checked, gets a variant and a pod, is sent there, and its answer comes back.

No task is made and nothing is awaited per request: `Invocation` is called back by the connection to the model.
"""

import random
import time
from collections.abc import Callable

from endpoint_contract import runtime_errors
from endpoint_router import (
    admission,
    answers,
    balancing,
    counters,
    plan,
    pod_health,
    routing,
    selection,
    upstream,
)
from http_protocol import client, exchanges, heads

MODEL_SECONDS = 59.0
"""Below boto3's read time-out of 60 s: it would try again, and the model would run three times."""
_ATTEMPTS = 3
_clock = time.monotonic  # the loop's own time stands still within one turn, and counts in milliseconds


class Proxy:
    """Handles the requests of the data port by the snapshot that it was last given. Needs a running loop."""

    def __init__(
        self,
        counts: counters.Counters,
        *,
        pod_ip: str = "",
        bounds: client.Bounds | None = None,
        model_seconds: float = MODEL_SECONDS,
        rules: pod_health.Rules | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.snapshot: routing.Snapshot | None = None
        self.counts = counts
        self.upstreams = upstream.Upstreams(
            pod_ip, bounds or client.Bounds(), rules=rules, on_change=self._bind_again
        )
        self.memory = self.upstreams.memory
        self.model_seconds = model_seconds
        self.request_ids = answers.RequestIds()
        self.chance = chance
        self._plan: plan.Plan | None = None
        self._is_draining = False

    def use(self, snapshot: routing.Snapshot) -> None:
        """Route by ``snapshot`` from the next request on; requests under way end as they began."""
        self._bind(snapshot)
        self.snapshot = snapshot
        self.counts.endpoint = snapshot.table.endpoint
        self.counts.revision = snapshot.table.revision

    def drain(self) -> None:
        """From now on send requests to other pods wherever there is one."""
        self._is_draining = True
        self._bind_again()

    async def close(self) -> None:
        """Cut the connections to all models."""
        await self.upstreams.close()

    def handle(self, exchange: exchanges.Exchange) -> None:
        """Answer one request of the data port, now or later."""
        request = exchange.request
        current = self._plan
        if current is None:
            self._refuse(exchange, answers.unavailable("The router has no route table yet."))
            return
        known = current.routes.get(request.target)
        if known is not None and known.method == request.method:
            route = known
        else:
            admitted = admission.route(request.method, request.target, current.endpoint)
            if isinstance(admitted, runtime_errors.RuntimeApiError):
                self._refuse(exchange, admitted)
                return
            route = admitted
        if route is admission.PING:
            exchange.respond(200 if current.can_serve else 503, b"", b"")
        else:
            self._invoke(exchange, route, current)

    def refuse(self, status: int, reason: str, path: str) -> tuple[bytes, bytes]:
        """Header lines and body for a request that the server refuses."""
        del path
        self.counts.refuse(status)
        error = answers.refusal(status, reason)
        return answers.error_lines(error) + self.request_ids.line(), error.body()

    def _bind(self, snapshot: routing.Snapshot) -> None:
        avoided = self.upstreams.own_address if self._is_draining else ""
        compiled = routing.compile_routing(snapshot, avoided=avoided, standing=self.upstreams.standing())
        self._plan = plan.bind(compiled, self.upstreams, self.counts)

    def _bind_again(self) -> None:
        """The same table, but other pods are to be preferred."""
        if self.snapshot is not None:
            self._bind(self.snapshot)

    def _invoke(self, exchange: exchanges.Exchange, route: admission.Route, current: plan.Plan) -> None:
        request = exchange.request
        request_headers = request.headers
        if not request.relayed:  # else a request with the same head was found to be right
            error = admission.check_headers(request_headers)
            if error is not None:
                self._refuse(exchange, error)
                return
        target = request_headers.get(admission.TARGET_VARIANT)
        lanes = current.untargeted if target is None else current.targeted.get(target)
        if lanes:
            index, rest = selection.draw(lanes, self.chance())
            Invocation(self, exchange, route, lanes[index]).start(rest)
        elif target is None:
            self._refuse(exchange, answers.unavailable("No variant with a weight above 0 has a ready pod."))
        elif lanes is None:
            self._refuse(exchange, admission.unknown_variant(target, current.targeted))
        else:
            self._refuse(exchange, answers.unavailable(f"Variant {target.decode()} has no ready pod."))

    def _refuse(self, exchange: exchanges.Exchange, error: runtime_errors.RuntimeApiError) -> None:
        self.counts.refuse(error.status)
        exchange.respond(error.status, answers.error_lines(error) + self.request_ids.line(), error.body())


class Invocation:
    """One request on its way to a model and back; the receiver of its calls."""

    __slots__ = ("_call", "_exchange", "_given_up", "_lane", "_pod", "_proxy", "_route", "_sent_at", "_tried")

    def __init__(
        self, proxy: Proxy, exchange: exchanges.Exchange, route: admission.Route, lane: plan.Lane
    ) -> None:
        self._proxy = proxy
        self._exchange = exchange
        self._route = route
        self._lane = lane
        self._tried: tuple[upstream.Pod, ...] = ()
        self._given_up: tuple[str, ...] = ()
        self._pod: upstream.Pod
        self._call: client.Call | None = None  # refers back to this: forgotten as soon as it is over
        self._sent_at = 0.0

    def start(self, number: float) -> None:
        """Send the request to a pod of the variant that ``number`` chooses."""
        lane = self._lane
        lane.counters.invocations[lane.reason] += 1
        lane.counters.concurrent += 1
        self._exchange.on_abort = self._abort
        self._send(balancing.pick(lane.pods, number))

    def answered(self, answer: heads.Answer, body: bytes) -> None:
        """The model's answer is complete."""
        proxy, lane = self._proxy, self._lane
        self._call = None
        self._pod.outstanding -= 1
        answered_at = _clock()
        status = answer.status
        if status >= 300:
            self._count_status(status)
        if status >= 300 and not self._route.is_transparent:
            self._respond_error(answers.model_status_error(status, body))
        else:
            lines = lane.header_lines + proxy.request_ids.line()
            self._exchange.respond(status, lines + self._client_lines(answer), body)
        self._count(answered_at)
        if status >= 500:
            proxy.upstreams.misbehaved(self._pod, lane.group, f"status {status}")
        elif self._pod.is_suspect:
            proxy.upstreams.answered(self._pod)

    def failed(self, failure: client.Failure, reason: str) -> None:
        """The model gave no answer. If nothing was sent: on to another pod, else to another variant."""
        self._call = None
        group = self._lane.group
        if failure is client.Failure.NO_ROOM:
            self._pod.outstanding -= 1
        else:
            self._proxy.upstreams.failed(self._pod, group, reason)
        if failure is client.Failure.NOT_SENT:
            self._tried += (self._pod,)
            tiers = (self._lane.pods, group.in_service, group.members)
            other = balancing.pick_another(tiers, self._tried, self._proxy.chance())
            if other is not None and len(self._tried) < _ATTEMPTS:
                self._send(other)
                return
            if self._turn_to_another_variant():
                return
        failed_at = _clock()
        self._lane.counters.model_errors += 1
        if failure is client.Failure.NOT_SENT:
            message = f"No pod of variant {self._lane.variant} can be connected to."
            self._respond_error(answers.unavailable(message))
        elif failure is client.Failure.NO_ROOM:
            self._respond_error(answers.unavailable("The router holds too many large answers."))
        else:
            is_timeout = failure is client.Failure.TIMED_OUT
            self._respond_error(answers.model_failure(reason, is_timeout=is_timeout))
        self._count(failed_at)

    def _turn_to_another_variant(self) -> bool:
        """Slices say late that the last pod of a variant has gone: until then those who try find out."""
        self._given_up += (self._lane.variant,)
        lane = selection.draw_other(self._lane.substitutes, self._given_up, self._proxy.chance())
        if lane is None:
            return False
        self._lane.counters.give_up()
        self._lane, self._tried = lane, ()
        self.start(self._proxy.chance())
        return True

    def _send(self, pod: upstream.Pod) -> None:
        exchange = self._exchange
        self._pod = pod
        pod.outstanding += 1
        length_line = heads.render_length(len(exchange.body))
        head = b"".join([self._route.request_line, pod.host_line, length_line, self._model_lines()])
        self._sent_at = _clock()
        deadline = exchange.received_at + self._proxy.model_seconds
        call = self._call = client.Call(head, exchange.body, self, deadline)
        pod.pool.send(call)

    def _model_lines(self) -> bytes:
        """Made once for all requests that repeat a head, which saves a tenth of a request's work."""
        request = self._exchange.request
        if request.relayed:
            return request.relayed
        request.relayed = answers.model_lines(request.headers)
        return request.relayed

    @staticmethod
    def _client_lines(answer: heads.Answer) -> bytes:
        if not answer.relayed:
            answer.relayed = answers.client_lines(answer.headers)
        return answer.relayed

    def _abort(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None
        self._pod.outstanding -= 1
        self._lane.counters.concurrent -= 1

    def _count(self, ended_at: float) -> None:
        """Count the exchange with the model that ended then; all other time since the request came is overhead."""
        model_seconds = ended_at - self._sent_at
        self._lane.counters.end(model_seconds, _clock() - self._exchange.received_at - model_seconds)

    def _count_status(self, status: int) -> None:
        lane_counters = self._lane.counters
        lane_counters.model_errors += 1
        if status >= 500:
            lane_counters.errors_5xx += 1
        elif status >= 400:
            lane_counters.errors_4xx += 1

    def _respond_error(self, error: runtime_errors.RuntimeApiError) -> None:
        lines = answers.error_lines(error) + self._lane.header_lines + self._proxy.request_ids.line()
        self._exchange.respond(error.status, lines, error.body())
