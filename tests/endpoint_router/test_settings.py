from pathlib import Path

import pytest

from endpoint_router import settings
from process_group import cpu_limit

IN_A_POD = {
    "POINTSMAN_ENDPOINT": "churn",
    "POINTSMAN_NAMESPACE": "shop",
    "POINTSMAN_POD_IP": "10.0.0.7",
    "KUBERNETES_SERVICE_HOST": "10.96.0.1",
    "KUBERNETES_SERVICE_PORT": "443",
}


def test_a_file_needs_nothing_else() -> None:
    chosen = settings.parse(["--route-table", "t.json"], {})
    assert chosen.route_table == Path("t.json")
    assert chosen.kubernetes is None
    assert (chosen.host, chosen.port, chosen.admin_port) == ("0.0.0.0", 8000, 8001)
    assert (chosen.slow_start_seconds, chosen.eject_after) == (10.0, 5)


def test_there_are_as_many_workers_as_the_cpu_limit_allows_unless_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cpu_limit, "workers", lambda: 3)
    assert settings.parse(["--route-table", "t"], {}).workers == 3
    assert settings.parse(["--route-table", "t"], {"POINTSMAN_WORKERS": "2"}).workers == 2
    assert settings.parse(["--route-table", "t", "--workers", "1"], {"POINTSMAN_WORKERS": "2"}).workers == 1


def test_a_pod_is_described_by_its_environment() -> None:
    chosen = settings.parse([], IN_A_POD)
    assert chosen.pod_ip == "10.0.0.7"
    assert chosen.kubernetes == settings.KubernetesSettings(
        endpoint="churn",
        namespace="shop",
        api_url="https://10.96.0.1:443",
        service_account_dir=Path("/var/run/secrets/kubernetes.io/serviceaccount"),
        state_dir=Path("/var/lib/pointsman"),
    )


def test_an_ipv6_api_is_put_in_brackets() -> None:
    chosen = settings.parse([], IN_A_POD | {"KUBERNETES_SERVICE_HOST": "fd00::1"})
    assert chosen.kubernetes is not None
    assert chosen.kubernetes.api_url == "https://[fd00::1]:443"


def test_what_kubernetes_sets_for_a_service_called_pointsman_is_no_setting() -> None:
    service = {"POINTSMAN_PORT": "tcp://10.0.0.1:80", "POINTSMAN_SERVICE_HOST": "10.0.0.1"}
    assert settings.parse([], IN_A_POD | service) == settings.parse([], IN_A_POD)


def test_an_option_beats_its_variable() -> None:
    chosen = settings.parse(
        ["--route-table", "t", "--port", "7"], {"POINTSMAN_PORT_FOR_REQUESTS": "8", "POINTSMAN_HOST": "::"}
    )
    assert (chosen.port, chosen.host) == (7, "::")


@pytest.mark.parametrize(
    ("arguments", "environ", "names"),
    [
        pytest.param(["--port", "http"], {}, ["--port", "0 to 65535", "'http'"], id="port as text"),
        pytest.param(["--port", "65536"], {}, ["--port", "0 to 65535"], id="port too large"),
        pytest.param(["--port", "-1"], {}, ["--port"], id="negative port"),
        pytest.param(["--workers", "0"], {}, ["--workers", "1 to 256", "'0'"], id="no worker"),
        pytest.param([], {"POINTSMAN_WORKERS": "many"}, ["--workers", "'many'"], id="workers as text"),
        pytest.param(["--eject-after", "-1"], {}, ["--eject-after", "'-1'"], id="negative number"),
        pytest.param([], {"POINTSMAN_SLOW_START_SECONDS": "x"}, ["--slow-start-seconds"], id="time as text"),
        pytest.param(
            [], {"POINTSMAN_PORT_FOR_ADMIN": "x"}, ["--admin-port", "'x'"], id="port in the environment"
        ),
        pytest.param(["--log-format", "xml"], {}, ["--log-format", "text, json"], id="log format"),
        pytest.param(["--log-level", "loud"], {}, ["--log-level", "debug"], id="log level"),
        pytest.param(["--finish-seconds", "nan"], {}, ["--finish-seconds"], id="not a number of seconds"),
        pytest.param(["--announce-seconds", "x"], {}, ["--announce-seconds"], id="seconds as text"),
        pytest.param(
            ["--kubernetes-api", "ftp://x"], {}, ["--kubernetes-api", "https://"], id="scheme of the API"
        ),
        pytest.param(["--prot", "1"], {}, ["--prot"], id="unknown option"),
        pytest.param(["--port"], {}, ["--port"], id="without its value"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    capsys: pytest.CaptureFixture[str], arguments: list[str], environ: dict[str, str], names: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        settings.parse(["--route-table", "t.json", *arguments], environ)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("endpoint-router: error: ")
    assert all(name in line for name in names), line


def test_what_a_router_without_a_file_needs_is_listed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        settings.parse([], {"POINTSMAN_ENDPOINT": "churn"})
    line = capsys.readouterr().err
    assert "--namespace (or POINTSMAN_NAMESPACE) and --kubernetes-api" in line
    assert "--endpoint" not in line


def test_the_help_names_every_option_and_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        settings.parse(["--help"], {})
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for words in (
        "--route-table FILE",
        "[POINTSMAN_ROUTE_TABLE]",
        "(default 8000) [POINTSMAN_PORT_FOR_REQUESTS]",
        "SIGUSR1",
    ):
        assert words in text
