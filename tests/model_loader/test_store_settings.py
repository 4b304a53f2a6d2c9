import base64
import pathlib

import pytest

from model_loader import data_url, errors, store, store_settings
from tests.model_loader import certificates, proxies, servers

MODEL = servers.Answer(body=b"model")
BEARER = {"HTTP_BEARER_TOKEN": "hunter2"}
BASIC = {"HTTP_USERNAME": "ada", "HTTP_PASSWORD": "pässword"}


def read(url: str, environment: dict[str, str]) -> bytes:
    opened = store.opened(data_url.read(url), environment, stall_timeout=10)
    return b"".join(opened.open("", begin_at=0, e_tag="").chunks)


def shown_to(web: servers.Web) -> list[str | None]:
    return [headers.get("authorization") for headers in web.headers]


@pytest.mark.parametrize(
    ("environment", "authorization"),
    [
        (BEARER, "Bearer hunter2"),
        (BASIC, f"Basic {base64.b64encode('ada:pässword'.encode()).decode()}"),
        ({}, None),
    ],
    ids=["token", "name and password", "nothing"],
)
def test_a_web_server_is_shown_the_secrets_credentials(
    web: servers.Web, environment: dict[str, str], authorization: str | None
) -> None:
    web.answers["/m"] = [MODEL]
    assert read(f"{web.url}/m", environment) == b"model"
    assert shown_to(web) == [authorization]


@pytest.mark.parametrize("environment", [BEARER, BASIC], ids=["token", "name and password"])
def test_a_redirect_on_the_same_host_keeps_the_credentials(
    web: servers.Web, environment: dict[str, str]
) -> None:
    web.answers["/old"] = [servers.Answer(302, headers=(("Location", "/m"),))]
    web.answers["/m"] = [MODEL]
    assert read(f"{web.url}/old", environment) == b"model"
    assert len(set(shown_to(web))) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("environment", [BEARER, BASIC], ids=["token", "name and password"])
def test_another_host_or_port_is_never_shown_the_credentials(
    web: servers.Web, environment: dict[str, str], status: int
) -> None:
    with servers.a_web_server() as other:
        other.answers["/m"] = [MODEL]
        for there in (other.url, other.url.replace("127.0.0.1", "localhost")):
            web.answers["/old"] = [servers.Answer(status, headers=(("Location", f"{there}/m"),))]
            assert read(f"{web.url}/old", environment) == b"model"
        assert shown_to(other) == [None, None]


def test_credentials_do_not_come_back_by_way_of_another_host(web: servers.Web) -> None:
    with servers.a_web_server() as other:
        web.answers["/old"] = [servers.Answer(302, headers=(("Location", f"{other.url}/back"),))]
        other.answers["/back"] = [servers.Answer(302, headers=(("Location", f"{web.url}/m"),))]
        web.answers["/m"] = [MODEL]
        assert read(f"{web.url}/old", BEARER) == b"model"
    assert shown_to(web) == ["Bearer hunter2", None]


def test_what_began_encrypted_does_not_go_on_in_the_clear(web: servers.Web, tmp_path: pathlib.Path) -> None:
    authority = certificates.an_authority()
    web.answers["/m"] = [MODEL]
    web.answers["/old"] = [servers.Answer(302, headers=(("Location", f"{web.url}/m"),))]
    with (
        proxies.a_proxy(web.url, tls=authority.server_context(tmp_path)) as proxy,
        pytest.raises(errors.DownloadError, match="redirected from https to plain http"),
    ):
        read(f"{proxy.url}/old", {**BEARER, "CA_CERTIFICATES": authority.pem})
    assert web.requests == ["/old"]


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({**BEARER, **BASIC}, "HTTP_BEARER_TOKEN and HTTP_USERNAME are two ways to log in; set one of them"),
        ({"HTTP_USERNAME": "ada"}, "HTTP_USERNAME and HTTP_PASSWORD go together; one of them is missing"),
        ({"HTTP_PASSWORD": "hunter2"}, "HTTP_USERNAME and HTTP_PASSWORD go together; one of them is missing"),
        ({"CA_CERTIFICATES": "hunter2"}, "CA_CERTIFICATES holds no certificate in PEM form"),
    ],
    ids=["two ways", "no password", "no name", "no certificate"],
)
def test_settings_that_cannot_be_meant_are_refused(environment: dict[str, str], message: str) -> None:
    with pytest.raises(errors.SettingsError) as caught:
        read("https://127.0.0.1:1/m", environment)
    assert str(caught.value) == message


def identity(url: str) -> str:
    location = data_url.read(url)
    assert isinstance(location, data_url.WebFile)
    return store_settings.of_web_server(location, {}, 10).identity


def test_the_identity_of_a_web_file_holds_no_signature() -> None:
    found = identity("https://host/m?X-Amz-Signature=hunter2")
    assert found.startswith("https://host/m ")
    assert "hunter2" not in found


def test_web_files_that_differ_only_in_the_query_have_identities_of_their_own() -> None:
    urls = [f"https://host/m{query}" for query in ("", "?version=1", "?version=2")]
    assert len({identity(url) for url in urls}) == 3
    assert identity(urls[1]) == identity(urls[1])
