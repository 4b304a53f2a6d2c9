"""The cluster's own network namespace: a cable to this machine, and no way from there to anywhere else."""

import ipaddress

from tests.cluster import commands
from tests.cluster.layout import Layout

_INSIDE = "eth0"


def create(layout: Layout) -> None:
    """Make namespace, cable, addresses and routes; needs that none of them exists."""
    name, cable = layout.name, layout.name
    commands.run(["ip", "netns", "add", name])
    _ip(f"link add {cable} type veth peer name {_INSIDE} netns {name}")
    _ip(f"address add {layout.host_address}/24 dev {cable}")
    _ip(f"link set {cable} up")
    _ip(f"-n {name} link set lo up")
    _ip(f"-n {name} address add {layout.node_address}/24 dev {_INSIDE}")
    _ip(f"-n {name} link set {_INSIDE} up")
    for reachable in (layout.pod_range, layout.service_range):
        _ip(f"route add {reachable} via {layout.node_address} dev {cable}")
    # The kernel looks for a route before kube-proxy's rules replace a Service's address: here it is.
    _ip(f"-n {name} route add {layout.service_range} dev {_INSIDE}")
    # Pods reach each other through the namespace's own routing. There is no default route: nothing leaves.
    commands.run([*inside(layout), "sysctl", "-q", "-w", "net.ipv4.ip_forward=1"])


def inside(layout: Layout) -> list[str]:
    """The words before a command that run it in the namespace.

    `ip netns exec` would hide the mounts of the control groups, which kubelet and containerd need.
    """
    return ["nsenter", f"--net={layout.namespace_file}", "--"]


def delete(layout: Layout) -> None:
    """Remove all of it; what is already gone is no error."""
    if has_interface(layout):
        _ip(f"link delete {layout.name}")
    if layout.namespace_file.exists():
        commands.run(["ip", "netns", "delete", layout.name])


def exists(layout: Layout) -> bool:
    return layout.namespace_file.exists() and has_interface(layout)


def has_interface(layout: Layout) -> bool:
    return bool(interfaces() & {layout.name})


def interfaces() -> set[str]:
    """Names of this machine's network interfaces."""
    rows = commands.run(["ip", "-brief", "link"]).splitlines()
    return {row.split()[0].partition("@")[0] for row in rows}


def routes(layout: Layout) -> list[str]:
    """This machine's routes into the cluster's addresses, whoever made them."""
    rows = commands.run(["ip", "-4", "route"]).splitlines()
    return [row.strip() for row in rows if overlaps(row, layout.addresses)]


def overlaps(route: str, addresses: ipaddress.IPv4Network) -> bool:
    """Whether a line of `ip route` leads to any of the addresses; the default route leads to all and to none."""
    words = [word for word in route.split() if word[0].isdecimal() or word == "default"]
    return words[0] != "default" and ipaddress.IPv4Network(words[0], strict=False).overlaps(addresses)


def _ip(arguments: str) -> None:
    commands.run(["ip", *arguments.split()])
