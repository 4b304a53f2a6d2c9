"""nginx: ``split_clients`` draws the variant, bodies up to 6 MiB stay in memory as in the router."""

from pathlib import Path

from tests.bench import contender, environments, upstreams

_CONF = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
  split_clients "$request_id" $drawn {{ 25% Variant1; * Variant2; }}
  map $http_x_amzn_sagemaker_target_variant $variant {{
    "" $drawn;
    default $http_x_amzn_sagemaker_target_variant;
  }}
  {upstreams}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    client_max_body_size 6m; client_body_buffer_size 6m;
    location / {{
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "";
      add_header x-Amzn-Invoked-Production-Variant $variant;
      add_header x-amzn-RequestId $request_id;
      proxy_pass http://$variant/invocations;
    }}
  }}
}}
"""
_UPSTREAM = """upstream {name} {{
    server 127.0.0.1:{port}; keepalive 256; keepalive_requests 1000000000; keepalive_timeout 1h;
  }}"""


def contending(port: int, folder: Path, behind: upstreams.Upstreams) -> contender.Contender:
    """nginx on ``port``."""
    blocks = [_UPSTREAM.format(name=name, port=upstream) for name, upstream in behind.ports.items()]
    conf = folder / "nginx.conf"
    conf.write_text(_CONF.format(folder=folder, port=port, upstreams="\n  ".join(blocks)))
    return contender.Contender(
        name="nginx",
        version=environments.version_of(["nginx", "-v"]).rpartition("/")[2],
        command=["nginx", "-p", folder, "-e", folder / "nginx.err", "-c", conf],
        port=port,
    )
