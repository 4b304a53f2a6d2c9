"""HAProxy: one thread, weighted random choice, connections shared and kept."""

from pathlib import Path

from tests.bench import contender, environments, upstreams

_CONF = """
global
  nbthread 1
  maxconn 8192
  tune.bufsize 65536
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 60s
  timeout http-keep-alive 1h
frontend endpoint
  bind 127.0.0.1:{port} backlog 4096
  unique-id-format %{{+X}}o%ci%cp%Ts%rt
  http-request del-header Authorization
  http-response set-header x-Amzn-Invoked-Production-Variant %s
  http-response set-header x-amzn-RequestId %[unique-id]
  use_backend {large} if {{ req.hdr({target}) -m str {large} }}
  default_backend weighted
backend weighted
  balance random
  http-reuse always
  http-request set-path /invocations
  use-server Variant1 if {{ req.hdr({target}) -m str Variant1 }}
  use-server Variant2 if {{ req.hdr({target}) -m str Variant2 }}
{servers}
backend {large}
  http-reuse always
  http-request set-path /invocations
  server {large} 127.0.0.1:{large_port} pool-max-conn 256
"""


def contending(port: int, folder: Path, behind: upstreams.Upstreams) -> contender.Contender:
    """HAProxy on ``port``."""
    servers = [
        f"  server {name} 127.0.0.1:{behind.ports[name]} weight {weight} pool-max-conn 256"
        for name, weight in upstreams.WEIGHTS.items()
    ]
    conf = folder / "haproxy.cfg"
    conf.write_text(
        _CONF.format(
            port=port,
            target=upstreams.TARGET,
            servers="\n".join(servers),
            large=upstreams.LARGE,
            large_port=behind.ports[upstreams.LARGE],
        )
    )
    return contender.Contender(
        name="HAProxy",
        version=environments.version_of(["haproxy", "-v"]).split()[2].partition("-")[0],
        command=["haproxy", "-q", "-db", "-f", conf],
        port=port,
    )
