"""S3 as SeaweedFS serves it, and what all stores have in common."""

import hashlib
import json
import random
from collections.abc import Iterator

import pytest

from model_loader import artefact, data_url, errors, store
from tests.model_loader import certificates, emulators, folders, program, proxies, servers


@pytest.fixture
def s3_proxy(s3: servers.S3) -> Iterator[proxies.Proxy]:
    with proxies.a_proxy(s3.endpoint) as proxy:
        yield proxy


def put_folder(s3: servers.S3, prefix: str, files: dict[str, bytes]) -> None:
    for path, body in files.items():
        s3.client.put_object(Bucket="models", Key=prefix + path, Body=body)


def test_all_files_below_an_s3_prefix_are_the_model(loader: program.Loader, s3: servers.S3) -> None:
    put_folder(s3, "folder/1/", folders.FILES)
    put_folder(s3, "folder/10/", {"another": b"model"})
    s3.client.put_object(Bucket="models", Key="folder/1/code/", Body=b"")
    loader.environment.update(s3.environment())
    loader.success("s3://models/folder/1/")
    assert folders.content(loader.model_dir) == folders.FILES
    identity = json.loads(loader.last_word)
    assert identity["dataUrl"] == "s3://models/folder/1/"
    assert identity["sha256"] == folders.listing_checksum(folders.FILES)
    assert identity["sizeBytes"] == sum(map(len, folders.FILES.values()))
    assert identity["eTag"].endswith('-3"')


def test_a_folder_that_somebody_made_and_left_empty_is_no_part_of_the_model(
    loader: program.Loader, web: servers.Web
) -> None:
    """Consoles make an empty object whose key ends in a slash."""
    web.answers["/models?list-type=2&prefix=m%2F"] = [
        servers.Answer(body=a_listing("m/", "m/old/", ("m/new", 5), "m/code/older/"))
    ]
    web.answers["/models/m/new"] = [servers.Answer(body=b"model", headers=(("ETag", '"v1"'),))]
    loader.environment["AWS_ENDPOINT_URL"] = web.url
    loader.success("s3://models/m/")
    assert folders.content(loader.model_dir) == {"new": b"model"}


@pytest.mark.parametrize("key", ["m//x", "m/../x", "m/./x", "m/a&#10;b"])
def test_a_key_that_cannot_be_asked_for_is_told_once(
    loader: program.Loader, web: servers.Web, key: str
) -> None:
    web.answers["/models?list-type=2&prefix=m%2F"] = [servers.Answer(body=a_listing("m/a", key))]
    loader.environment["AWS_ENDPOINT_URL"] = web.url
    line = loader.failure("s3://models/m/")
    assert line == (
        "ModelDownloadFailed: s3://models/m/: a key in it can't be fetched: it has an empty part ('//'), "
        "a part '.' or '..', or a control character; rename that object"
    )
    assert len(web.requests) == 1


def test_a_prefix_that_gained_a_file_is_another_model(loader: program.Loader, s3: servers.S3) -> None:
    put_folder(s3, "growing/", folders.FILES)
    loader.environment.update(s3.environment())
    loader.success("s3://models/growing/")
    (loader.directory / "identity.json").write_text(loader.last_word)
    loader.success("s3://models/growing/")
    s3.client.put_object(Bucket="models", Key="growing/more", Body=b"")
    assert loader.failure("s3://models/growing/").startswith("ModelChanged: s3://models/growing/: ")


def test_a_listing_of_several_pages_is_read_to_its_end(
    loader: program.Loader, s3: servers.S3, s3_proxy: proxies.Proxy
) -> None:
    put_folder(s3, "paged/", {"a": b"1", "b": b"2"})
    s3_proxy.faults = [
        proxies.Fault(
            answer=(200, a_listing(("paged/a", 1), more="<NextContinuationToken>2</NextContinuationToken>"))
        ),
        proxies.Fault(answer=(200, a_listing(("paged/b", 1)))),
        proxies.FAITHFUL,
    ]
    loader.environment.update(s3.environment(), AWS_ENDPOINT_URL=s3_proxy.url)
    loader.success("s3://models/paged/")
    assert folders.content(loader.model_dir) == {"a": b"1", "b": b"2"}


def a_listing(*entries: tuple[str, int] | str, more: str = "") -> bytes:
    """As S3 lists objects by key and size, empty ones by key alone, and more to come."""
    sizes = dict((entry, 0) if isinstance(entry, str) else entry for entry in entries)
    contents = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
        f'<ETag>"1"</ETag><Size>{size}</Size></Contents>'
        for key, size in sizes.items()
    )
    return (
        '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}{contents}</ListBucketResult>"
    ).encode()


def test_a_bucket_may_be_part_of_the_hosts_name(
    loader: program.Loader, s3: servers.S3, s3_proxy: proxies.Proxy
) -> None:
    s3.client.put_object(Bucket="models", Key="a/m.json", Body=b"{}")
    loader.environment.update(
        s3.environment(),
        AWS_ENDPOINT_URL=f"http://{servers.DOMAIN}",
        AWS_VIRTUAL_HOSTED_STYLE_REQUEST="true",
        HTTP_PROXY=s3_proxy.url,
    )
    loader.success("s3://models/a/m.json")
    assert [path for path, _ in s3_proxy.requests] == [f"http://models.{servers.DOMAIN}/a/m.json"]
    assert folders.content(loader.model_dir) == {"m.json": b"{}"}


def test_an_s3_store_is_asked_in_the_region_and_with_the_token_of_the_secret(
    loader: program.Loader, s3: servers.S3, s3_proxy: proxies.Proxy
) -> None:
    loader.environment.update(
        s3.environment(),
        AWS_ENDPOINT_URL=s3_proxy.url,
        AWS_REGION="eu-central-1",
        AWS_SESSION_TOKEN="hunter2-token",
    )
    loader.failure("s3://models/absent")
    (headers,) = (headers for _, headers in s3_proxy.requests)
    assert "/eu-central-1/s3/aws4_request" in headers["authorization"]
    assert headers["x-amz-security-token"] == "hunter2-token"


def test_an_open_bucket_is_read_without_credentials(loader: program.Loader, s3: servers.S3) -> None:
    s3.client.create_bucket(Bucket="open")
    anybody = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["s3:GetObject"],
                "Resource": "arn:aws:s3:::open/*",
            }
        ],
    }
    s3.client.put_bucket_policy(Bucket="open", Policy=json.dumps(anybody))
    s3.client.put_object(Bucket="open", Key="m.json", Body=b"{}")
    loader.environment["AWS_ENDPOINT_URL"] = s3.endpoint
    loader.success("s3://open/m.json")
    assert folders.content(loader.model_dir) == {"m.json": b"{}"}


def test_a_ca_of_ones_own_is_trusted_when_the_secret_holds_its_certificate(
    loader: program.Loader, s3: servers.S3
) -> None:
    s3.client.put_object(Bucket="models", Key="tls.json", Body=b"{}")
    authority, other = certificates.an_authority(), certificates.an_authority()
    with proxies.a_proxy(s3.endpoint, tls=authority.server_context(loader.directory)) as proxy:
        loader.environment.update(
            s3.environment(), AWS_ENDPOINT_URL=proxy.url, CA_CERTIFICATES=other.pem + authority.pem
        )
        loader.success("s3://models/tls.json")
    assert folders.content(loader.model_dir)["tls.json"] == b"{}"


@pytest.mark.parametrize(
    ("kind", "cuts"),
    [("s3", (1_500_000, 2_000_000, 1_200_000)), ("gs", (2_000_000,)), ("az", (2_000_000,))],
    ids=["S3, three times", "Google", "Azure"],
)
def test_a_download_that_breaks_off_goes_on_where_it_was(
    loader: program.Loader, s3: servers.S3, request: pytest.FixtureRequest, kind: str, cuts: tuple[int, ...]
) -> None:
    body = bytes(range(256)) * 20_000
    upstream = a_store_with(request, s3, loader, kind, "big.ubj", body)
    with proxies.a_proxy(upstream, keeps_host=kind != "gs") as proxy:
        proxy.faults = [*(proxies.Fault(cut_after=cut) for cut in cuts), proxies.FAITHFUL]
        for name, value in loader.environment.items():
            loader.environment[name] = value.replace(upstream, proxy.url)
        loader.success(f"{kind}://models/big.ubj")
    assert (loader.model_dir / "big.ubj").read_bytes() == body
    ranges = [int(headers["range"][len("bytes=") : -1]) for _, headers in proxy.requests[1:]]
    assert len(ranges) == len(cuts)
    assert ranges == sorted(ranges)
    assert ranges[-1] > 0
    assert json.loads(loader.last_word)["sha256"] == hashlib.sha256(body).hexdigest()


def a_store_with(
    request: pytest.FixtureRequest,
    s3: servers.S3,
    loader: program.Loader,
    kind: str,
    key: str,
    body: bytes,
) -> str:
    """The address of a store of that kind which has the object; the loader may read it."""
    if kind == "s3":
        s3.client.put_object(Bucket="models", Key=key, Body=body)
        loader.environment.update(s3.environment())
        return s3.endpoint
    if kind == "gs":
        google: emulators.Google = request.getfixturevalue("google")
        google.put(key, body)
        loader.environment["GOOGLE_BASE_URL"] = google.endpoint
        return google.endpoint
    azure: emulators.Azure = request.getfixturevalue("azure")
    azure.put(f"models/{key}", body)
    loader.environment.update(azure.environment())
    return azure.endpoint.rpartition("/")[0]


def test_a_version_that_is_replaced_in_mid_download_gives_way_to_the_new_one(
    loader: program.Loader, s3: servers.S3, s3_proxy: proxies.Proxy
) -> None:
    old, new = b"a" * 3_000_000, b"b" * 2_000_000
    s3.client.put_object(Bucket="models", Key="replaced.ubj", Body=old)
    s3_proxy.faults = [
        proxies.Fault(
            cut_after=1_500_000,
            afterwards=lambda: s3.client.put_object(Bucket="models", Key="replaced.ubj", Body=new),
        ),
        proxies.FAITHFUL,
    ]
    loader.environment.update(s3.environment(), AWS_ENDPOINT_URL=s3_proxy.url)
    _, stderr = loader.success("s3://models/replaced.ubj")
    assert "it changed while it was fetched" in stderr
    assert (loader.model_dir / "replaced.ubj").read_bytes() == new


def test_the_loaders_of_a_node_fetch_a_file_once_and_each_with_its_own_right(
    loader: program.Loader, s3: servers.S3, tmp_path_factory: pytest.TempPathFactory
) -> None:
    body = random.Random(2).randbytes(3_000_000)
    s3.client.put_object(Bucket="models", Key="shared/m.ubj", Body=body)
    shared = {
        "MODEL_LOADER_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
        "POINTSMAN_NAMESPACE": "team-a",
    }
    loader.environment.update(s3.environment(), **shared)
    loader.success("s3://models/shared/m.ubj")
    second = program.Loader(tmp_path_factory.mktemp("second"), {**s3.environment(), **shared})
    _, stderr = second.success("s3://models/shared/m.ubj")
    assert "comes from this node's cache" in stderr
    assert (second.model_dir / "m.ubj").read_bytes() == body
    assert second.last_word == loader.last_word
    without_right = s3.environment(servers.STRANGER_ACCESS_KEY, servers.STRANGER_SECRET_KEY)
    stranger = program.Loader(tmp_path_factory.mktemp("stranger"), {**without_right, **shared})
    assert "access denied" in stranger.failure("s3://models/shared/m.ubj")


def test_the_files_of_a_prefix_are_shared_one_by_one(
    loader: program.Loader, s3: servers.S3, tmp_path_factory: pytest.TempPathFactory
) -> None:
    put_folder(s3, "shared-folder/", folders.FILES)
    shared = {"MODEL_LOADER_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}
    loader.environment.update(s3.environment(), **shared)
    loader.success("s3://models/shared-folder/")
    s3.client.put_object(Bucket="models", Key="shared-folder/more", Body=b"more")
    _, stderr = loader.success("s3://models/shared-folder/")
    assert stderr.count("comes from this node's cache") == len(folders.FILES)
    assert folders.content(loader.model_dir) == {**folders.FILES, "more": b"more"}


def test_what_a_store_does_not_resume_is_told_apart(web: servers.Web) -> None:
    """A server that ignores the range would otherwise have its beginning taken for the rest."""
    web.answers["/m"] = [servers.Answer(body=b"model", headers=(("ETag", '"v1"'),))]
    opened = store.opened(data_url.read(f"{web.url}/m"), {}, stall_timeout=10)
    with pytest.raises(errors.ResumeRefusedError, match="can't be fetched in parts"):
        rest(opened, 2)


def rest(opened: artefact.Store, begin_at: int) -> bytes:
    return b"".join(opened.open("", begin_at=begin_at, e_tag='"v1"').chunks)
