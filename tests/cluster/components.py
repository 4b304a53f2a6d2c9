"""What the cluster consists of: each component's command line, settings, and sign of being ready."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.cluster import api, certificates, container_runtime
from tests.cluster.layout import Layout


@dataclass(frozen=True, slots=True)
class Component:
    """One process of the cluster. `grace`: seconds between asking it to end and killing it."""

    name: str
    command: Callable[[Layout], list[str]]
    is_ready: Callable[[Layout], bool]
    grace: float = 5


def _binary(layout: Layout, name: str) -> str:
    return str(layout.binaries / name)


def _file(layout: Layout, name: str) -> str:
    return str(certificates.folder(layout) / name)


def _kubeconfig(layout: Layout, name: str) -> str:
    return str(certificates.kubeconfig(layout, name))


def _etcd(layout: Layout) -> list[str]:
    return [
        _binary(layout, "etcd"),
        f"--data-dir={layout.state / 'etcd'}",
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        f"--listen-metrics-urls=http://{layout.node_address}:2381",
        # A test cluster that loses power is made anew.
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _api_server(layout: Layout) -> list[str]:
    return [
        _binary(layout, "kube-apiserver"),
        "--etcd-servers=http://127.0.0.1:2379",
        f"--bind-address={layout.node_address}",
        f"--advertise-address={layout.node_address}",
        f"--service-cluster-ip-range={layout.service_range}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        f"--client-ca-file={_file(layout, 'ca.crt')}",
        f"--tls-cert-file={_file(layout, 'apiserver.crt')}",
        f"--tls-private-key-file={_file(layout, 'apiserver.key')}",
        f"--service-account-key-file={_file(layout, 'service-accounts.key')}",
        f"--service-account-signing-key-file={_file(layout, 'service-accounts.key')}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--kubelet-certificate-authority={_file(layout, 'ca.crt')}",
        f"--kubelet-client-certificate={_file(layout, 'admin.crt')}",
        f"--kubelet-client-key={_file(layout, 'admin.key')}",
        # Else `kubectl logs` and `exec` ask a name server for the node's name.
        "--kubelet-preferred-address-types=InternalIP",
    ]


def _controller_manager(layout: Layout) -> list[str]:
    return [
        _binary(layout, "kube-controller-manager"),
        f"--kubeconfig={_kubeconfig(layout, 'kube-controller-manager')}",
        f"--bind-address={layout.node_address}",
        f"--service-account-private-key-file={_file(layout, 'service-accounts.key')}",
        f"--root-ca-file={_file(layout, 'ca.crt')}",
        "--use-service-account-credentials=true",
        # A leader ends itself when the API server is away for long, as it is in tests.
        "--leader-elect=false",
        # An API server that tests take away must not cost a node's pods their readiness.
        "--node-monitor-grace-period=5m",
        # What a claim and its volume lack of each other at first is looked at again only then.
        "--pvclaimbinder-sync-period=1s",
        "--kube-api-qps=100",
        "--kube-api-burst=200",
    ]


def _scheduler(layout: Layout) -> list[str]:
    return [
        _binary(layout, "kube-scheduler"),
        f"--kubeconfig={_kubeconfig(layout, 'kube-scheduler')}",
        f"--bind-address={layout.node_address}",
        "--leader-elect=false",
    ]


def _containerd(layout: Layout) -> list[str]:
    return ["containerd", "--config", str(container_runtime.settings_file(layout))]


def _kubelet(layout: Layout) -> list[str]:
    return [
        _binary(layout, "kubelet"),
        f"--config={layout.state / 'kubelet.yaml'}",
        f"--kubeconfig={_kubeconfig(layout, 'kubelet')}",
        f"--root-dir={layout.state / 'kubelet'}",
        f"--hostname-override={layout.name}",
        f"--node-ip={layout.node_address}",
    ]


def _kube_proxy(layout: Layout) -> list[str]:
    return [
        _binary(layout, "kube-proxy"),
        f"--kubeconfig={_kubeconfig(layout, 'kube-proxy')}",
        f"--hostname-override={layout.name}",
        "--proxy-mode=nftables",
        f"--healthz-bind-address={layout.node_address}:10256",
        "--oom-score-adj=0",
        # These kernel settings may not be changed from within a network namespace.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
    ]


def _coredns(layout: Layout) -> list[str]:
    return [_binary(layout, "coredns"), "-conf", str(layout.state / "Corefile")]


def _health(layout: Layout, scheme: str, port: int, path: str) -> bool:
    return api.is_ok(f"{scheme}://{layout.node_address}:{port}{path}")


ETCD = Component("etcd", _etcd, lambda layout: _health(layout, "http", 2381, "/health"))
CONTAINERD = Component("containerd", _containerd, container_runtime.is_ready)
API_SERVER = Component(
    "kube-apiserver",
    _api_server,
    lambda layout: api.is_answering(layout, "/readyz"),
    # It waits up to half a minute for its clients' watches; they reconnect in either case.
    grace=2,
)
CONTROLLER_MANAGER = Component(
    "kube-controller-manager", _controller_manager, lambda layout: _health(layout, "https", 10257, "/healthz")
)
SCHEDULER = Component("kube-scheduler", _scheduler, lambda layout: _health(layout, "https", 10259, "/readyz"))
KUBELET = Component("kubelet", _kubelet, lambda layout: api.is_node_ready(layout))
KUBE_PROXY = Component("kube-proxy", _kube_proxy, lambda layout: _health(layout, "http", 10256, "/healthz"))
COREDNS = Component("coredns", _coredns, lambda layout: _health(layout, "http", 8181, "/ready"))

# In the order in which they start; they end in the opposite order.
FOUNDATION = (CONTAINERD, ETCD, API_SERVER)
CLIENTS = (CONTROLLER_MANAGER, SCHEDULER, KUBELET, KUBE_PROXY, COREDNS)
ALL = (*FOUNDATION, *CLIENTS)
BY_NAME = {component.name: component for component in ALL}


def write_settings(layout: Layout) -> None:
    """Write every settings file that a command line above names."""
    container_runtime.write_settings(layout)
    # Pods take search domains and servers from here; this machine's own name servers are out of their reach.
    (layout.state / "resolv.conf").write_text(f"nameserver {layout.node_address}\n")
    (layout.state / "kubelet.yaml").write_text(json.dumps(_kubelet_settings(layout), indent=2))
    (layout.state / "Corefile").write_text(_corefile(layout))


def _kubelet_settings(layout: Layout) -> dict[str, object]:
    nothing_reserved = {
        "enforceNodeAllocatable": [],
        "evictionHard": {"memory.available": "0%", "nodefs.available": "0%", "imagefs.available": "0%"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "maxPods": 110,
        "oomScoreAdj": 0,
    }
    any_machine = {
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.name}",
        "failSwapOn": False,
        "failCgroupV1": False,
        "makeIPTablesUtilChains": False,
    }
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": layout.node_address,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": _file(layout, "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": _file(layout, "kubelet-server.crt"),
        "tlsPrivateKeyFile": _file(layout, "kubelet-server.key"),
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "clusterDNS": [layout.node_address],
        "clusterDomain": "cluster.local",
        "resolvConf": str(layout.state / "resolv.conf"),
        "podLogsDir": str(layout.logs / "pods"),
        "volumePluginDir": str(layout.state / "volume-plugins"),
        "serializeImagePulls": False,
        "kubeAPIQPS": 100,
        "kubeAPIBurst": 200,
        "eventRecordQPS": 0,
        **nothing_reserved,
        **any_machine,
    }


def _corefile(layout: Layout) -> str:
    """Names of the cluster, and a clear "no such name" for all others: nothing outside can be asked."""
    return f"""\
cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {{
    bind {layout.node_address}
    errors
    ready {layout.node_address}:8181
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {_kubeconfig(layout, "coredns")}
        pods insecure
        ttl 5
    }}
}}
.:53 {{
    bind {layout.node_address}
    errors
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""
