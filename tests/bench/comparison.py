"""One comparison from beginning to end: who takes part is started, every scenario is played, figures come out."""

import contextlib
import functools
import random
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import contender, environments, load, processes, promises, sources, turns, upstreams
from tests.bench.proxies import aiohttp, haproxy, nginx, router, traefik
from tests.bench.servers import kserve, mlserver, model, pointsman
from tests.builders import free_ports
from tests.cluster import errors

ROW = ("0.1234," * 24 + "77").encode()
_SIGNATURES = 4096
"""Different heads of the signed requests: more than any cache of heads would hold."""

Make = Callable[[], contender.Contender]


@dataclass(frozen=True, slots=True)
class Setting:
    """The CPU that contenders run on, the one that everything else runs on, and who is wanted: "" all of them."""

    core: int
    load_core: int
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """``reference`` is whom ratios are to; ``ours`` the names of our contenders, the best one first."""

    name: str
    unit: str
    reference: str
    ours: Sequence[str]
    scenarios: Sequence[contender.Scenario]
    promises: tuple[promises.Promise, ...]
    opened: Callable[[Setting, Path], "contextlib.AbstractContextManager[Started]"]


@dataclass(frozen=True, slots=True)
class Started:
    """What `turns.play` needs, and who is missing, with the reason."""

    bench: turns.Bench
    missing: dict[str, str]


@contextlib.contextmanager
def _open_router(setting: Setting, folder: Path) -> Iterator[Started]:
    with upstreams.running(setting.load_core, folder) as behind:
        ports = free_ports.find(6)
        makes: dict[str, Make] = {
            "nginx": functools.partial(nginx.contending, ports[0], folder, behind),
            router.NAME: functools.partial(
                router.contending, ports[1], folder, behind, sources=sources.PLAIN
            ),
            router.COMPILED: lambda: router.contending(
                ports[5], folder, behind, sources=sources.compiled(), name=router.COMPILED
            ),
            "HAProxy": functools.partial(haproxy.contending, ports[2], folder, behind),
            "Traefik": functools.partial(traefik.contending, ports[3], folder, behind),
            "aiohttp": functools.partial(aiohttp.contending, ports[4], behind),
        }
        with _start(makes, setting, folder, behind.programs) as started:
            yield started


@contextlib.contextmanager
def _open_workers(setting: Setting, folder: Path) -> Iterator[Started]:
    with upstreams.running(setting.load_core, folder) as behind:
        ports = free_ports.find(2)
        makes: dict[str, Make] = {
            router.COMPILED: lambda: router.contending(
                ports[0], folder, behind, sources=sources.compiled(), name=router.COMPILED
            ),
            router.WORKERS: lambda: router.contending(
                ports[1], folder, behind, sources=sources.compiled(), name=router.WORKERS, workers=2
            ),
        }
        with _start(makes, setting, folder, behind.programs) as started:
            yield started


@contextlib.contextmanager
def _open_server(setting: Setting, folder: Path) -> Iterator[Started]:
    models = model.train(environments.of("kserve", environments.KSERVE) / "python", folder)
    ports = free_ports.find(4)
    makes: dict[str, Make] = {
        pointsman.NAME: functools.partial(pointsman.contending, ports[0], models, sources=sources.PLAIN),
        pointsman.COMPILED: lambda: pointsman.contending(
            ports[3], models, sources=sources.compiled(), name=pointsman.COMPILED
        ),
        "MLServer": functools.partial(mlserver.contending, ports[1], models),
        "KServe": functools.partial(kserve.contending, ports[2], models),
    }
    with _start(makes, setting, folder, ()) as started:
        yield started


@contextlib.contextmanager
def _start(
    makes: dict[str, Make], setting: Setting, folder: Path, helpers: Sequence[processes.Running]
) -> Iterator[Started]:
    """All programs that can be installed and started. One that cannot is missing; the others are compared."""
    entrants, missing = [], {}
    wanted = [name for name in makes if setting.wanted.lower() in name.lower()]
    if not wanted:
        raise errors.HarnessError(f"no contender is called {setting.wanted!r}: there are {'; '.join(makes)}")
    with contextlib.ExitStack() as stack:
        for name in wanted:
            make = makes[name]
            try:
                item = make()
                program = stack.enter_context(
                    processes.running(
                        name.replace(", ", "-"), item.command, core=setting.core, port=item.port,
                        folder=folder, ready_path=item.ready_path, environment=item.environment,
                    )
                )  # fmt: skip
            except (errors.HarnessError, processes.StartError, FileNotFoundError) as exc:
                missing[name] = str(exc)
            else:
                entrants.append(turns.Entrant(item, program))
        if not entrants:
            raise errors.HarnessError("; ".join(f"{name}: {reason}" for name, reason in missing.items()))
        bench = turns.Bench(entrants, helpers, setting.core, setting.load_core, folder)
        yield Started(bench, missing)


def _rows(_: contender.Contender) -> list[bytes]:
    headers = {"Content-Type": "text/csv", "Authorization": f"AWS4-HMAC-SHA256 Credential={_CREDENTIAL}"}
    return [contender.post(router.PATH, headers, ROW)]


_CREDENTIAL = "AKIDEXAMPLE/20260101/us-east-1/sagemaker/aws4_request"


def _signed_rows(_: contender.Contender) -> list[bytes]:
    """What boto3 sends: each request has a signature and an identifier of its own."""
    chance = random.Random(2)

    def some(count: int) -> str:
        return "".join(chance.choices(string.hexdigits[:16], k=count))

    return [
        contender.post(
            router.PATH,
            {
                "Content-Type": "text/csv",
                "Accept-Encoding": "identity",
                "User-Agent": "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux#6.1 md/arch#x86_64 "
                "lang/python#3.11.2 md/pyimpl#CPython m/b,Z cfg/retry-mode#standard Botocore/1.44.5",
                "X-Amz-Date": "20260101T000000Z",
                "Authorization": f"AWS4-HMAC-SHA256 Credential={_CREDENTIAL}, SignedHeaders=content-type;host;"
                f"x-amz-date, Signature={some(64)}",
                "amz-sdk-invocation-id": f"{some(8)}-{some(4)}-{some(4)}-{some(4)}-{some(12)}",
                "amz-sdk-request": "attempt=1",
            },
            ROW,
        )
        for _ in range(_SIGNATURES)
    ]


def _large(size: int) -> Callable[[contender.Contender], list[bytes]]:
    headers = {"Content-Type": "text/csv", upstreams.TARGET: upstreams.LARGE}
    return lambda _: [contender.post(router.PATH, headers, (ROW + b"\n") * (size // (len(ROW) + 1)))]


def _batches(rows: int) -> Callable[[contender.Contender], list[bytes]]:
    forms = {"MLServer": mlserver.request, "KServe": kserve.request}

    def requests(item: contender.Contender) -> list[bytes]:
        form = forms.get(item.name, pointsman.request)
        return [form(batch) for batch in model.batches(rows, 200 if rows == 1 else 20)]

    return requests


_ROW_128 = contender.Scenario("row, c=128", 128, _rows)
ROUTER = Comparison(
    name="router",
    unit="requests/s",
    reference="nginx",
    ours=(router.COMPILED, router.NAME),
    promises=promises.ROUTER,
    opened=_open_router,
    scenarios=(
        contender.Scenario("row, c=1", 1, _rows),
        contender.Scenario("row, c=32", 32, _rows),
        _ROW_128,
        contender.Scenario("signed row, c=32", 32, _signed_rows),
        contender.Scenario("signed row, c=128", 128, _signed_rows),
        contender.Scenario("64 KiB, c=16", 16, _large(64 * 1024)),
        contender.Scenario("6 MiB, c=4", 4, _large(6 * 1024 * 1024)),
    ),
)
WORKERS = Comparison(
    name="workers",
    unit="requests/s",
    reference=router.COMPILED,
    ours=(router.WORKERS,),
    promises=promises.WORKERS,
    opened=_open_workers,
    scenarios=(_ROW_128,),
)
SERVER = Comparison(
    name="server",
    unit="predictions/s",
    reference="MLServer",
    ours=(pointsman.COMPILED, pointsman.NAME),
    promises=promises.SERVER,
    opened=_open_server,
    scenarios=(
        contender.Scenario("1 row, c=1", 1, _batches(1)),
        contender.Scenario("1 row, c=64", 64, _batches(1)),
        contender.Scenario("100 rows, c=1", 1, _batches(100), units=100),
        contender.Scenario("100 rows, c=64", 64, _batches(100), units=100),
    ),
)
ALL = {comparison.name: comparison for comparison in (ROUTER, WORKERS, SERVER)}


def warm_up(bench: turns.Bench, scenario: contender.Scenario) -> None:
    """One second of load for each, unmeasured: nobody is measured cold."""
    for entrant in bench.entrants:
        requests = load.prepare(bench.folder, "warm-up", scenario.requests(entrant.contender))
        with contextlib.suppress(load.LoadError):  # its first turn will tell
            load.run(
                requests,
                port=entrant.contender.port,
                connections=scenario.connections,
                seconds=1,
                core=bench.load_core,
            )


def ours_in(comparison: Comparison, measured: turns.Turns) -> str:
    """The contender that promises are about: the compiled one where there is one."""
    return next((name for name in comparison.ours if name in measured), comparison.ours[-1])
