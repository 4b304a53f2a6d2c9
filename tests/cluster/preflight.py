"""What the machine must have. Missing Debian packages are installed, saying so; all else is an error."""

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import commands, errors, network, progress
from tests.cluster.layout import REPOSITORY, Layout

_INSTALL = REPOSITORY / ".ci" / "debian-packages"
_PATHS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


@dataclass(frozen=True, slots=True)
class Needed:
    """A program or file, and the Debian package that brings it. What is there already is left as it is:

    a machine with Docker has its own containerd, which Debian's package would replace.
    """

    what: str
    package: str

    @property
    def is_there(self) -> bool:
        if self.what.startswith("/"):
            return Path(self.what).exists()
        return shutil.which(self.what, path=_PATHS) is not None


CLUSTER = (
    Needed("conntrack", "conntrack"),
    Needed("containerd", "containerd"),
    Needed("ip", "iproute2"),
    Needed("nft", "nftables"),
    Needed("nsenter", "util-linux"),
    Needed("runc", "runc"),
    Needed("sysctl", "procps"),
)
_NETWORK_PLUGINS = Needed("/usr/lib/cni/ptp", "containernetworking-plugins")
IMAGES = (Needed("buildah", "buildah"), Needed("debootstrap", "debootstrap"))


def require_machine(layout: Layout) -> None:
    """See that a cluster can run here, installing Debian packages where they lack; raises HarnessError."""
    require_root()
    if platform.machine() not in {"x86_64", "aarch64"}:
        raise errors.HarnessError(f"no container images are made for {platform.machine()}")
    plugins = () if Path("/opt/cni/bin/ptp").exists() else (_NETWORK_PLUGINS,)
    require_packages((*CLUSTER, *plugins))
    _require_free_addresses(layout)


def require_root() -> None:
    if os.geteuid() != 0:
        raise errors.HarnessError(
            "the test cluster needs root: network namespaces, mounts, control groups. "
            "Run as root, or set KUBECONFIG (and IMAGE_REGISTRY) to use a cluster of your own."
        )


def require_packages(needed: tuple[Needed, ...]) -> None:
    """Install the Debian packages of what is missing; elsewhere raise HarnessError that names them."""
    missing = [item for item in needed if not item.is_there]
    if not missing:
        return
    packages = sorted({item.package for item in missing})
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise errors.HarnessError(f"please install: {' '.join(packages)} (names of Debian's packages)")
    with progress.step(f"Installing Debian packages: {' '.join(packages)}"):
        commands.run([_INSTALL, *packages])
    still = [item.what for item in missing if not item.is_there]
    if still:
        raise errors.HarnessError(f"installed {' '.join(packages)}, yet there is no {', '.join(still)}")


def _require_free_addresses(layout: Layout) -> None:
    """Another use of the addresses, some VPNs' for one, would be cut off by our routes."""
    foreign = [route for route in network.routes(layout) if f"dev {layout.name} " not in f"{route} "]
    if foreign:
        raise errors.HarnessError(
            f"the addresses of the test cluster are in use on this machine: {foreign[0]}"
        )
