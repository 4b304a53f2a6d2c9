"""An ordinary proxy on aiohttp's server and client, with uvloop: see programs/aiohttp_proxy.py."""

from pathlib import Path

from tests.bench import contender, environments, upstreams


def contending(port: int, folder: Path, behind: upstreams.Upstreams) -> contender.Contender:
    """It on ``port``, with the libraries that the router has."""
    del folder
    python = environments.locked("router") / "python"
    variants = [
        f"{name}={upstream}:{upstreams.WEIGHTS.get(name, 0)}" for name, upstream in behind.ports.items()
    ]
    return contender.Contender(
        name="aiohttp",
        version=environments.version_of([python, "-c", "import aiohttp; print(aiohttp.__version__)"]),
        command=[python, contender.PROGRAMS / "aiohttp_proxy.py", str(port), *variants],
        port=port,
    )
