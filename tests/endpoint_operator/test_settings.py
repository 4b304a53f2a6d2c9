import pytest

from endpoint_operator import settings


def test_an_argument_beats_the_environment_and_the_environment_beats_the_default() -> None:
    environment = {"POINTSMAN_HTTP_PORT": "9000", "POINTSMAN_ROUTER_IMAGE": "registry.test/router:1"}
    read = settings.read(["--http-port", "9001"], environment)
    assert (read.http_port, read.router_image, read.image_pull_policy) == (
        9001,
        "registry.test/router:1",
        "IfNotPresent",
    )


def test_without_a_namespace_the_whole_cluster_is_served() -> None:
    assert (
        settings.read([], {"POINTSMAN_WATCH_NAMESPACE": "", "POINTSMAN_NAMESPACE": "ops"}).watch_namespace
        == ""
    )


def test_the_lease_lives_in_the_operators_namespace_else_in_the_served_one() -> None:
    assert settings.read(["--namespace", "shop"], {"POINTSMAN_NAMESPACE": "ops"}).namespace == "ops"
    assert settings.read(["--namespace", "shop"], {}).namespace == "shop"


def test_resources_are_read_as_a_pod_has_them() -> None:
    read = settings.read([], {"POINTSMAN_LOADER_RESOURCES": '{"limits": {"cpu": 2}}'})
    assert read.loader_resources == {"limits": {"cpu": "2"}}
    assert read.router_resources == {
        "requests": {"cpu": "50m", "memory": "64Mi"},
        "limits": {"memory": "256Mi"},
    }


def test_the_loaders_cache_is_off_until_it_has_a_place() -> None:
    assert settings.read([], {}).loader_cache_host_path == ""
    environment = {"POINTSMAN_LOADER_CACHE_HOST_PATH": "/cache", "POINTSMAN_LOADER_CACHE_SIZE": "500Mi"}
    read = settings.read([], environment)
    assert (read.loader_cache_host_path, read.loader_cache_size) == ("/cache", "500Mi")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--loader-cache-host-path", "cache"),
        ("--loader-cache-host-path", "/cache/../etc"),
        ("--loader-cache-size", "1.5Gi"),
        ("--loader-cache-size", "big"),
        ("--loader-cache-size", "0"),
        ("--loader-cache-size", "0Gi"),
    ],
)
def test_a_cache_that_loaders_could_not_use_is_refused(option: str, value: str) -> None:
    with pytest.raises(settings.SettingsError, match=option):
        settings.read([option, value], {})


def test_an_operator_restarted_in_its_pod_goes_on_leading() -> None:
    one, other = (settings.read([], {"POINTSMAN_POD_NAME": "operator-0"}).identity for _ in range(2))
    assert one == other == "operator-0"


def test_two_processes_on_one_machine_never_have_the_same_identity() -> None:
    one, other = (settings.read([], {}).identity for _ in range(2))
    assert one != other


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--http-port", "x"], "--http-port: must be a whole number, got 'x'", id="port as text"),
        pytest.param(["--http-port", "0"], "--http-port: must be a whole number from 1", id="port 0"),
        pytest.param(["--workers", "0"], "--workers: must be", id="nobody works"),
        pytest.param(["--drain-seconds", "-1"], "--drain-seconds: must be", id="negative time"),
        pytest.param(
            ["--namespace", "A,B"], "--namespace: must be the name of one namespace", id="two at once"
        ),
        pytest.param(["--log-format", "xml"], "--log-format: must be one of text, json", id="log format"),
        pytest.param(["--image-pull-policy", "no"], "--image-pull-policy: must be one of", id="pull policy"),
        pytest.param(["--router-resources", "1Gi"], "--router-resources: must be JSON such as", id="no JSON"),
        pytest.param(["--loader-resources", '{"cpu": "1"}'], "--loader-resources: must be", id="no kinds"),
        pytest.param(
            ["--loader-resources", '{"limit": {"cpu": "1"}}'],
            "--loader-resources: has requests and limits, got 'limit'",
            id="misspelt kind",
        ),
        pytest.param(
            ["--router-resources", '{"limits": {"memory": "64MB"}}'],
            "--router-resources: limits.memory must be a quantity",
            id="no quantity",
        ),
        pytest.param(["--bogus"], "unrecognized arguments: --bogus", id="no option"),
        pytest.param(["--http-port"], "--http-port: expected one argument", id="no value"),
        pytest.param(["--router-image", " "], "--router-image: must not be empty", id="no image"),
    ],
)
def test_bad_input_is_refused_by_its_name(arguments: list[str], message: str) -> None:
    with pytest.raises(settings.SettingsError) as caught:
        settings.read(arguments, {})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_help_names_every_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        settings.read(["--help"], {})
    text = capsys.readouterr().out
    assert caught.value.code == 0
    for _, variable, _, _ in settings.OPTIONS:
        assert variable in text
