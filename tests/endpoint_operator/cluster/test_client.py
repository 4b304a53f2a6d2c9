import json
import logging
from pathlib import Path

import pytest
import yaml

from endpoint_operator.cluster import client, errors
from tests.builders import api_server

PATH = "/api/v1/namespaces/shop/configmaps/churn-routes"


def test_json_has_the_form_in_which_the_api_server_writes_it() -> None:
    body = {"env": "a<b>&c\u2028\u2029é", "weight": 1.0}
    sent = client.encoded(body)
    assert sent == rb'{"env":"a\u003cb\u003e\u0026c\u2028\u2029' + "é".encode() + b'","weight":1.0}'
    assert json.loads(sent) == body


async def test_writes_name_the_field_manager_and_the_precondition() -> None:
    async with api_server.running() as (server, cluster):
        made = await cluster.create(
            "/api/v1/namespaces/shop/configmaps", {"metadata": {"name": "churn-routes"}}
        )
        await cluster.replace(PATH, {**made, "data": {"a": "1"}})
        await cluster.apply(PATH, {"metadata": {"name": "churn-routes", "uid": made["metadata"]["uid"]}})
        await cluster.delete(PATH, uid=made["metadata"]["uid"])
        created, replaced, applied, deleted = server.asked
        strict = {"fieldManager": "pointsman", "fieldValidation": "Strict"}
        assert created.query == replaced.query == strict
        assert applied.query == {**strict, "force": "true"}
        assert applied.content_type == client.APPLY_PATCH
        assert deleted.body["preconditions"] == {"uid": made["metadata"]["uid"]}


async def test_a_write_over_a_newer_version_is_a_conflict() -> None:
    async with api_server.running() as (server, cluster):
        old = server.put(PATH, {})
        server.put(PATH, {})
        with pytest.raises(errors.ConflictError):
            await cluster.replace(PATH, old)


async def test_an_api_server_that_is_away_is_said_once_and_its_return_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger=client.__name__)
    async with api_server.running() as (server, cluster):
        server.is_down = True
        for _ in range(3):
            with pytest.raises(errors.UnreachableError):
                await cluster.get(PATH)
        server.is_down = False
        server.put(PATH, {})
        await cluster.get(PATH)
        await cluster.get(PATH)
    said = [record.getMessage() for record in caplog.records if record.name == client.__name__]
    assert [("does not answer" in line, "answers again" in line) for line in said] == [
        (True, False),
        (False, True),
    ]


async def test_an_answer_that_is_not_json_is_an_error_of_its_status() -> None:
    assert client._decoded(b"<html>502</html>") == {"message": "<html>502</html>"}
    assert client._decoded(b"") == {}


async def test_a_kubeconfig_with_a_token_is_used_and_the_token_sent(tmp_path: Path) -> None:
    async with api_server.running() as (server, cluster):
        server.put(PATH, {})
        file = tmp_path / "config"
        file.write_text(_kubeconfig(cluster.settings.host))
        connected = client.Client(await client.configuration(str(file)))
        await connected.get(PATH)
        await connected.close()
        assert await connected._credentials() == {"Authorization": "Bearer secret"}


@pytest.mark.parametrize(
    ("kubeconfig", "why"),
    [
        pytest.param(None, "neither KUBECONFIG nor ~/.kube/config names a cluster", id="nothing set"),
        pytest.param("", "neither KUBECONFIG nor ~/.kube/config names a cluster", id="set to nothing"),
        pytest.param(
            "/none/a:/none/b", "KUBECONFIG=/none/a:/none/b names no file", id="files that are not there"
        ),
    ],
)
async def test_no_cluster_at_all_is_one_clear_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    kubeconfig: str | None,
    why: str,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(client.CredentialsError) as caught:
        await client.configuration(kubeconfig)
    assert str(caught.value) == f"no way to the API server: not in a pod, and {why}"
    assert caplog.messages == []


async def test_the_usual_file_is_used_where_none_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(_kubeconfig("http://127.0.0.1:1"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert (await client.configuration()).host == "http://127.0.0.1:1"


def _kubeconfig(server: str) -> str:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "secret"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    return yaml.safe_dump(document)
