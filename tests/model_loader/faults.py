"""What can go wrong on a model's way, and the line that the user then reads in the Endpoint's status.

``python -m tests.model_loader.faults`` has each happen, to the real program and real stores, and prints the table.
"""

import argparse
import contextlib
import functools
import gzip
import pathlib
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.model_loader import archives, emulators, identity_services, program, scenes, servers

# How much came before a connection broke is not the same every time.
_HOW_MUCH = re.compile(r"[0-9.]+ MB of ([0-9.]+ MB) \([0-9]+%\) had come")


@dataclass(frozen=True)
class Row:
    """``line`` is what follows, with HOST for the store's address."""

    fault: str
    arrange: scenes.Arrange
    line: str


_S3 = "s3://models/churn/model.tar.gz"
_FAILED = "ModelDownloadFailed: "
_REFUSED = "ModelArchiveRefused: "
_DENIED = f"{_FAILED}{_S3}: access denied"
_AGAIN = "; gave up after 2 attempts"

ROWS = (
    # S3: SeaweedFS itself
    Row("no such key", scenes.at("s3://models/absent"), f"{_FAILED}s3://models/absent: no such key"),
    Row("no such bucket", scenes.at("s3://absent/m"), f"{_FAILED}s3://absent/m: no such bucket"),
    Row(
        "nothing below the prefix",
        scenes.at("s3://models/absent/"),
        f"{_FAILED}s3://models/absent/: no file is there",
    ),
    Row("a prefix in no bucket", scenes.at("s3://absent/m/"), f"{_FAILED}s3://absent/m/: no such bucket"),
    Row(
        "unknown access key",
        scenes.at(_S3, AWS_ACCESS_KEY_ID="nobody"),
        f"{_DENIED} (InvalidAccessKeyId: the store does not know this access key)",
    ),
    Row(
        "wrong secret key",
        scenes.at(_S3, AWS_SECRET_ACCESS_KEY="hunter2"),
        f"{_DENIED} (SignatureDoesNotMatch: the secret access key is wrong)",
    ),
    Row(
        "credentials without the right",
        scenes.at(
            _S3,
            AWS_ACCESS_KEY_ID=servers.STRANGER_ACCESS_KEY,
            AWS_SECRET_ACCESS_KEY=servers.STRANGER_SECRET_KEY,
        ),
        f"{_DENIED} (AccessDenied: these credentials may not read it, or it does not exist)",
    ),
    Row(
        "no credentials for a closed bucket",
        scenes.anonymously,
        f"{_DENIED} (AccessDenied: these credentials may not read it, or it does not exist)",
    ),
    Row(
        "signed URL that has expired",
        scenes.expired_url,
        f"{_FAILED}http://HOST/models/churn/model.tar.gz: access denied (the signature of the URL has expired)",
    ),
    # S3: SeaweedFS behind a proxy that answers as AWS does
    Row(
        "expired session token",
        scenes.answering(400, scenes.aws("ExpiredToken", "The provided token has expired.")),
        f"{_DENIED} (ExpiredToken: the session token has expired)",
    ),
    Row(
        "wrong region",
        scenes.answering(
            400,
            scenes.aws(
                "AuthorizationHeaderMalformed",
                "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-central-1'",
                "<Region>eu-central-1</Region>",
            ),
        ),
        f"{_FAILED}{_S3}: the bucket is in another region; set AWS_REGION to eu-central-1",
    ),
    Row(
        "wrong region, by redirect",
        scenes.answering(
            301, scenes.aws("PermanentRedirect", "The bucket must be addressed at another endpoint.")
        ),
        f"{_FAILED}{_S3}: the bucket is in another region; set AWS_REGION",
    ),
    Row(
        "clock of the node is wrong",
        scenes.answering(403, scenes.aws("RequestTimeTooSkewed", "The difference is too large.")),
        f"{_DENIED} (RequestTimeTooSkewed: this machine's clock is wrong)",
    ),
    Row(
        "every answer is a 500",
        scenes.answering(500, scenes.aws("InternalError", "We encountered an internal error.")),
        f"{_FAILED}{_S3}: the store answered 500 (InternalError){_AGAIN}",
    ),
    Row(
        "the store throttles",
        scenes.answering(503, scenes.aws("SlowDown", "Please reduce your request rate.")),
        f"{_FAILED}{_S3}: the store answered 503 (SlowDown){_AGAIN}",
    ),
    # S3: SeaweedFS behind a proxy that breaks its answers
    Row(
        "connection lost in mid-download, again and again",
        scenes.cut,
        f"{_FAILED}s3://models/churn/large.ubj: the transfer from HOST broke off{_AGAIN}; "
        "SOME of 3.1 MB had come",
    ),
    Row(
        "object gone in mid-download",
        scenes.gone_in_mid_download,
        f"{_FAILED}s3://models/churn/gone.ubj: no such key; SOME of 3.1 MB had come",
    ),
    Row(
        "object replaced in mid-download, the last attempt too",
        scenes.always_changing,
        f"{_FAILED}s3://models/churn/changing.ubj: it changed while it was fetched, or can't be fetched in parts"
        f"{_AGAIN}; SOME of 3.1 MB had come",
    ),
    Row(
        "nothing comes any more",
        scenes.stalling,
        f"{_FAILED}s3://models/churn/large.ubj: timed out: nothing came from HOST for 1 s{_AGAIN}",
    ),
    # Credentials for the pod's own identity
    Row(
        "a role that does not trust the ServiceAccount",
        scenes.role(identity_services.refused_role("AccessDenied", "Not authorized to perform this")),
        f"{_FAILED}{_S3}: no credentials: the role does not trust this pod's ServiceAccount (AccessDenied)",
    ),
    Row(
        "nobody gives credentials for the pod's identity",
        scenes.role((503, "")),
        f"{_FAILED}{_S3}: no credentials: the service that gives them answered 503{_AGAIN}",
    ),
    # No way there
    Row(
        "nobody listens",
        scenes.nobody_listens,
        f"{_FAILED}{_S3}: cannot connect to HOST (connection refused){_AGAIN}",
    ),
    Row(
        "the name does not resolve",
        scenes.at(_S3, AWS_ENDPOINT_URL="http://no-such-host.invalid"),
        f"{_FAILED}{_S3}: cannot connect to no-such-host.invalid: the name does not resolve{_AGAIN}",
    ),
    Row(
        "certificate of an unknown CA",
        scenes.tls(trusted=False),
        f"{_FAILED}{_S3}: cannot connect to HOST: its certificate is of no CA that is trusted; "
        "put the CA's into CA_CERTIFICATES",
    ),
    Row(
        "certificate that has expired",
        scenes.tls(expired=True),
        f"{_FAILED}{_S3}: cannot connect to HOST: its certificate has expired",
    ),
    Row(
        "certificate of another host",
        scenes.tls(address="127.0.0.2"),
        f"{_FAILED}{_S3}: cannot connect to HOST: its certificate is for another name",
    ),
    Row(
        "https:// to a server without TLS",
        scenes.plain_server_by_tls,
        f"{_FAILED}{_S3}: cannot connect to HOST: it does not speak TLS; use http://",
    ),
    # What came is no model
    Row(
        "truncated archive",
        scenes.stored("cut/model.tar.gz", scenes.MODEL[: len(scenes.MODEL) // 2]),
        f"{_REFUSED}s3://models/cut/model.tar.gz: it is damaged (compressed file ended before the end-of-stream "
        "marker was reached)",
    ),
    Row(
        "an error page named model.tar.gz",
        scenes.stored("page/model.tar.gz", b"<html>please log in</html>"),
        f"{_REFUSED}s3://models/page/model.tar.gz: it is named like an archive but is none, or is damaged",
    ),
    Row(
        "a path that leads out",
        scenes.stored("evil/model.tar.gz", archives.an_archive().with_file("../../escaped").packed()),
        f"{_REFUSED}s3://models/evil/model.tar.gz: '../../escaped' leads out of the model directory",
    ),
    Row(
        "an archive bomb",
        scenes.stored(
            "bomb/model.tar.gz",
            gzip.compress(archives.an_archive().with_file("zeros", bytes(3 << 20)).plain()),
        ),
        f"{_REFUSED}s3://models/bomb/model.tar.gz: it unpacks to more than the 2.1 MB that "
        "MODEL_LOADER_MAX_UNPACKED_SIZE allows",
    ),
    Row(
        "an artefact over the limit",
        scenes.stored("huge.ubj", bytes(4 << 20)),
        f"{_FAILED}s3://models/huge.ubj: 4.2 MB, more than the 3.1 MB that MODEL_LOADER_MAX_ARTEFACT_SIZE allows",
    ),
    Row(
        "another artefact under the same URL",
        scenes.changed_since,
        "ModelChanged: s3://models/churn/retrained.json: this revision serves the artefact with sha256 "
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a, but the store now has "
        "3d8e6a3f3561a8683abc16c3851110c4e607124c4c5a919cb7e78764882f37ad; put the old one back, or name the new "
        "one in a new EndpointConfig",
    ),
    # Google Cloud Storage and Azure: their emulators
    Row("gs://: no such object", scenes.google_absent, f"{_FAILED}gs://models/absent: not found (404)"),
    Row(
        "gs://: no service account's key",
        scenes.google_key,
        "SettingsRefused: GOOGLE_SERVICE_ACCOUNT_KEY is no service account's key: JSON with client_email and "
        "private_key",
    ),
    Row(
        "az://: no such blob",
        scenes.azure_at("az://models/absent"),
        f"{_FAILED}az://models/absent: no such blob",
    ),
    Row(
        "az://: no such container",
        scenes.azure_at("az://absent/m"),
        f"{_FAILED}az://absent/m: no such container",
    ),
    Row(
        "az://: wrong account key",
        scenes.azure_at("az://models/m.json", AZURE_STORAGE_ACCOUNT_KEY="aHVudGVyMg=="),
        f"{_FAILED}az://models/m.json: access denied (AuthorizationFailure: the credentials are wrong, missing or too "
        "weak)",
    ),
    Row(
        "az://: account key that is none",
        scenes.azure_at("az://models/m.json", AZURE_STORAGE_ACCOUNT_KEY="hunter2!"),
        "SettingsRefused: AZURE_STORAGE_ACCOUNT_KEY is no account key: it is not written in base64",
    ),
    Row(
        "az://: SAS token that has expired",
        scenes.azure_expired,
        f"{_FAILED}az://models/m.json: access denied (AuthorizationFailure: the credentials are wrong, missing or too "
        "weak)",
    ),
    # Web servers and claims
    Row("http://: no such page", scenes.web_answer(404), f"{_FAILED}http://HOST/m.tar.gz: not found (404)"),
    Row(
        "http://: not logged in",
        scenes.web_answer(401),
        f"{_FAILED}http://HOST/m.tar.gz: access denied (401)",
    ),
    Row(
        "http://: not allowed", scenes.web_answer(403), f"{_FAILED}http://HOST/m.tar.gz: access denied (403)"
    ),
    Row(
        "http://: redirects for ever",
        scenes.redirects_for_ever,
        f"{_FAILED}http://HOST/m.tar.gz: too many redirects",
    ),
    Row(
        "pvc://: no such file",
        scenes.claimed("absent.json"),
        f"{_FAILED}pvc://models/absent.json: no such file or directory",
    ),
    Row(
        "pvc://: a link out of the volume",
        scenes.claimed("environment"),
        f"{_FAILED}pvc://models/environment: it leads out of the volume",
    ),
    # The Secret
    Row(
        "line break after a key of the Secret",
        scenes.at(_S3, AWS_SECRET_ACCESS_KEY="hunter2\n"),
        "SettingsRefused: AWS_SECRET_ACCESS_KEY begins or ends with a blank or a line break",
    ),
    Row(
        "an endpoint that is no URL",
        scenes.at(_S3, AWS_ENDPOINT_URL="minio:9000"),
        "SettingsRefused: AWS_ENDPOINT_URL must be a URL like https://HOST or http://HOST:PORT",
    ),
    Row(
        "half of a pair of keys",
        scenes.at(_S3, AWS_SECRET_ACCESS_KEY=""),
        "SettingsRefused: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together; one of them is missing",
    ),
)

OPTIONS = (
    *("--attempts", "2", "--stall-timeout", "1"),
    *("--max-artefact-size", "3Mi", "--max-unpacked-size", "2Mi"),
)


def line_of(row: Row, scene: scenes.Scene) -> str:
    """The last word of the loader when this fault is there, the store's address replaced by HOST."""
    with scene.opened:
        url = row.arrange(scene)
        addresses = [url, *scene.loader.environment.values()]
        line = scene.loader.failure(url, *OPTIONS)
    for address in addresses:
        host = address.partition("://")[2].partition("/")[0]
        if host.startswith("127.0.0.1:"):
            line = line.replace(host, "HOST")
    return _HOW_MUCH.sub(r"SOME of \1 had come", line)


def main() -> int:
    """Print the table; 1 if a line is not the promised one."""
    argparse.ArgumentParser(
        prog="python -m tests.model_loader.faults",
        description="Have each fault happen to the real loader at real stores, and print what the status says of it.",
    ).parse_args()
    wrong = 0
    with _scenes() as scene:
        print("| what happens | what the status says |\n|---|---|")
        for row in ROWS:
            line = line_of(row, scene())
            wrong += line != row.line
            print(f"| {row.fault} | `{line}` |", flush=True)
    return 1 if wrong else 0


@contextlib.contextmanager
def _scenes() -> Iterator[Callable[[], scenes.Scene]]:
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())

        def folder() -> pathlib.Path:
            return pathlib.Path(tempfile.mkdtemp(dir=directory))

        s3 = stack.enter_context(servers.an_s3_store(folder()))
        google = functools.cache(lambda: stack.enter_context(emulators.google()))
        azure = functools.cache(lambda: stack.enter_context(emulators.azure()))
        yield lambda: scenes.Scene(s3, program.Loader(folder()), google, azure)


if __name__ == "__main__":
    sys.exit(main())
