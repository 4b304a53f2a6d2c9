"""An ordinary proxy on aiohttp's server and client, with uvloop: see programs/aiohttp_proxy.py."""

from pathlib import Path

from tests.bench import contender, environments, upstreams


def contending(port: int, behind: upstreams.Upstreams, *, python: Path | None = None) -> contender.Contender:
    """It on ``port``; by default with the Python and the libraries that the router's image has."""
    python = python or environments.locked("router") / "python"
    variants = [
        f"{name}={upstream}:{upstreams.WEIGHTS.get(name, 0)}" for name, upstream in behind.ports.items()
    ]
    return contender.Contender(
        name="aiohttp",
        version=environments.version_of([python, "-c", "import aiohttp; print(aiohttp.__version__)"]),
        command=[python, contender.PROGRAMS / "aiohttp_proxy.py", str(port), *variants],
        port=port,
    )
