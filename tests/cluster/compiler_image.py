"""The image that ours are compiled in, where none can be pulled: the base image, a C compiler and Python's headers.

Only its products reach an image that runs.
"""

from collections.abc import Callable

from tests.cluster import progress

_PACKAGES = ("gcc", "libc6-dev", "python3-dev")
# This machine's way to packages, as the base image has none of its own.
_SHOWN = ("/etc/apt", "/usr/share/keyrings", "/etc/ssl/certs")
_INSTALL = (
    "apt-get update -qq"
    f" && apt-get install -qq -y --no-install-recommends {' '.join(_PACKAGES)} >/dev/null"
    " && rm -rf /var/lib/apt/lists/* /var/cache/apt/*"
)


def reference(base: str) -> str:
    """Name of the image over the base image of this name."""
    return f"{base}-compiler"


def provide(buildah: Callable[..., str], base: str) -> str:
    """Build the image over ``base`` unless it is there, and return its name."""
    name = reference(base)
    if not buildah("images", "--quiet", "--filter", f"reference={name}").strip():
        with progress.step("Base image with a compiler", slow=True):
            _build(buildah, base, name)
    return name


def _build(buildah: Callable[..., str], base: str, name: str) -> None:
    container = buildah("from", base).strip()
    try:
        shown = [f"--volume={path}:{path}:ro" for path in _SHOWN]
        environment = "--env=DEBIAN_FRONTEND=noninteractive"
        buildah("run", "--network=host", environment, *shown, container, "--", "sh", "-c", _INSTALL)
        buildah("commit", "--quiet", container, name)
    finally:
        buildah("rm", container)
