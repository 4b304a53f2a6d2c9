import pathlib
import socket

import pytest

from model_loader import artefact, data_url, errors, store
from tests.model_loader import servers


def opened(
    url: str, *, environment: dict[str, str] | None = None, stall_timeout: float = 10
) -> artefact.Artefact:
    source = store.opened(data_url.read(url), environment or {}, stall_timeout=stall_timeout)
    return source.open("", begin_at=0, e_tag="")


def read(url: str, *, environment: dict[str, str] | None = None, stall_timeout: float = 10) -> bytes:
    return b"".join(opened(url, environment=environment, stall_timeout=stall_timeout).chunks)


def failure(
    url: str, *, environment: dict[str, str] | None = None, stall_timeout: float = 10
) -> errors.DownloadError:
    with pytest.raises(errors.DownloadError) as caught:
        read(url, environment=environment, stall_timeout=stall_timeout)
    return caught.value


def test_a_web_file_comes_with_its_size_and_etag(web: servers.Web) -> None:
    web.answers["/m"] = [servers.Answer(body=b"model", headers=(("ETag", '"v1"'),))]
    found = opened(f"{web.url}/m")
    assert (found.size, found.e_tag) == (5, '"v1"')
    assert b"".join(found.chunks) == b"model"


def test_a_signed_url_reaches_the_server_as_it_was_written(web: servers.Web) -> None:
    path = "/a%20b/m%23.json?X-Amz-Signature=a%2Fb&x=1"
    web.answers[path] = [servers.Answer(body=b"model")]
    assert read(web.url + path) == b"model"
    assert web.requests == [path]


def test_a_redirect_is_followed(web: servers.Web) -> None:
    web.answers["/old"] = [servers.Answer(302, headers=(("Location", "/new"),))]
    web.answers["/new"] = [servers.Answer(body=b"model")]
    assert read(f"{web.url}/old") == b"model"


@pytest.mark.parametrize(
    ("status", "words", "is_transient"),
    [
        (404, "not found (404)", False),
        (403, "access denied (403)", False),
        (401, "access denied (401)", False),
        (410, "gone (410)", False),
        (418, "the store answered 418", False),
        (408, "the store answered 408", True),
        (429, "the store answered 429", True),
        (500, "the store answered 500", True),
        (503, "the store answered 503", True),
    ],
)
def test_a_refusal_is_told_and_tried_again_only_if_it_may_pass(
    web: servers.Web, status: int, words: str, is_transient: bool
) -> None:
    web.answers["/m?token=hunter2"] = [servers.Answer(status, b"no")]
    error = failure(f"{web.url}/m?token=hunter2")
    assert str(error) == f"{web.url}/m: {words}"
    assert isinstance(error, errors.TransientDownloadError) is is_transient


def test_a_transfer_that_breaks_off_may_be_tried_again(web: servers.Web) -> None:
    web.answers["/m"] = [servers.Answer(body=b"x" * 100_000, length=200_000)]
    error = failure(f"{web.url}/m")
    assert str(error) == f"{web.url}/m: the transfer from {web.url[7:]} broke off"
    assert isinstance(error, errors.TransientDownloadError)


def test_a_transfer_that_stalls_is_ended_and_may_be_tried_again(web: servers.Web) -> None:
    web.answers["/m"] = [servers.Answer(body=b"x" * 10, length=100, stalls=True)]
    error = failure(f"{web.url}/m", stall_timeout=0.5)
    assert str(error) == f"{web.url}/m: timed out: nothing came from {web.url[7:]} for 0.5 s"
    assert isinstance(error, errors.TransientDownloadError)


def test_a_server_that_does_not_tell_the_length_is_refused(web: servers.Web) -> None:
    web.answers["/m"] = [servers.Answer(body=b"model", length=None)]
    assert (
        str(failure(f"{web.url}/m"))
        == f"{web.url}/m: the server does not tell the length (no Content-Length)"
    )


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        error = failure(f"http://{host}/m")
    assert str(error) == f"http://{host}/m: cannot connect to {host} (connection refused)"
    assert isinstance(error, errors.TransientDownloadError)


def test_a_name_that_does_not_resolve_is_named() -> None:
    error = failure("http://no-such-host.invalid/m")
    assert str(error).endswith("cannot connect to no-such-host.invalid: the name does not resolve")
    assert isinstance(error, errors.TransientDownloadError)


def test_a_server_without_tls_is_told_apart(web: servers.Web) -> None:
    error = failure(web.url.replace("http://", "https://") + "/m")
    assert str(error).endswith("it does not speak TLS; use http://")
    assert not isinstance(error, errors.TransientDownloadError)


def test_a_local_file_comes_with_its_size_and_without_an_etag(tmp_path: pathlib.Path) -> None:
    (tmp_path / "m").write_bytes(b"model")
    found = opened(f"file://{tmp_path}/m")
    assert (found.size, found.e_tag) == (5, "")
    assert b"".join(found.chunks) == b"model"


def test_a_local_file_that_is_not_there_or_no_file_is_told(tmp_path: pathlib.Path) -> None:
    assert str(failure(f"file://{tmp_path}/m")) == f"file://{tmp_path}/m: no such file or directory"
    assert str(failure(f"file://{tmp_path}")) == f"file://{tmp_path}: not a regular file"


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_half_a_pair_of_credentials_is_refused(name: str) -> None:
    with pytest.raises(errors.SettingsError, match="go together"):
        read("s3://models/m", environment={name: "x"})


def test_a_ca_bundle_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(errors.SettingsError, match="AWS_CA_BUNDLE: /nowhere: No such file"):
        read("https://127.0.0.1:1/m", environment={"AWS_CA_BUNDLE": "/nowhere"})
