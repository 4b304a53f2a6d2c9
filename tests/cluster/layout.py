"""Where the cluster keeps its things: folders, names and addresses, all computed from the environment."""

import hashlib
import ipaddress
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.cluster import errors

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).resolve().parent / "programs"
"""The Go module of the cluster's programs."""

# 198.18.0.0/15 is reserved for tests of network equipment: neither the internet nor private networks use it.
_RANGE = ipaddress.IPv4Network("198.18.0.0/15")
_BLOCKS = list(_RANGE.subnets(new_prefix=19))


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders and addresses of one cluster. `number` tells clusters apart that run side by side (0..15)."""

    cache: Path
    number: int

    @property
    def name(self) -> str:
        """Name of the network namespace, the node and the top control group."""
        return f"pointsman{self.number or ''}"

    @property
    def binaries(self) -> Path:
        return self.cache / f"programs-{_digest_of_programs()}"

    @property
    def state(self) -> Path:
        """Files that may live on a disk: certificates, logs, etcd's data, images."""
        return self.cache / f"cluster{self.number or ''}"

    @property
    def runtime(self) -> Path:
        """Sockets and other things that must not outlive a reboot, on short paths."""
        return Path("/run") / self.name

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def containerd_socket(self) -> Path:
        return self.runtime / "containerd.sock"

    @property
    def namespace_file(self) -> Path:
        return Path("/run/netns") / self.name

    @property
    def addresses(self) -> ipaddress.IPv4Network:
        """All addresses of the cluster: the cable's, the pods' and the Services'."""
        return _BLOCKS[self.number]

    @property
    def host_address(self) -> str:
        return str(self.addresses[1])

    @property
    def node_address(self) -> str:
        return str(self.addresses[2])

    @property
    def pod_range(self) -> ipaddress.IPv4Network:
        return list(self.addresses.subnets(new_prefix=21))[1]

    @property
    def service_range(self) -> ipaddress.IPv4Network:
        return list(self.addresses.subnets(new_prefix=20))[1]

    @property
    def api_server(self) -> str:
        return f"https://{self.node_address}:6443"


@cache
def _digest_of_programs() -> str:
    """Of the module's files: other versions are other programs."""
    files = sorted(file for file in PROGRAMS.rglob("*") if file.is_file())
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


@cache
def current() -> Layout:
    """The layout of $POINTSMAN_CACHE and $POINTSMAN_CLUSTER (a number: a second cluster beside the first)."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("POINTSMAN_CACHE") or Path(home) / "pointsman").resolve()
    number = os.environ.get("POINTSMAN_CLUSTER") or "0"
    if not number.isdecimal() or int(number) >= len(_BLOCKS):
        raise errors.HarnessError(
            f"POINTSMAN_CLUSTER={number}: must be a number from 0 to {len(_BLOCKS) - 1}"
        )
    return Layout(cache=folder, number=int(number))
