"""The scenes in which something goes wrong on a model's way: the real stores, and what is done to them."""

import contextlib
import datetime
import functools
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.model_loader import (
    archives,
    certificates,
    emulators,
    identity_services,
    program,
    proxies,
    servers,
)

MODEL = archives.an_archive().with_file("xgboost-model", random.Random(1).randbytes(100_000)).packed()
LARGE = bytes(range(256)) * 12_000

_AWS_ERROR = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>'


@dataclass
class Scene:
    """The stores that a fault can use; what it opens is closed after it."""

    s3: servers.S3
    loader: program.Loader
    google: Callable[[], emulators.Google]
    azure: Callable[[], emulators.Azure]
    opened: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def put(self, key: str, content: bytes) -> str:
        """Store an object in S3; its URL."""
        self.s3.client.put_object(Bucket="models", Key=key, Body=content)
        self.loader.environment.update(self.s3.environment())
        return f"s3://models/{key}"

    def through(self, *faults: proxies.Fault) -> None:
        """Have S3 reached through a proxy that has these faults, one a request, the last one for ever."""
        proxy = self.opened.enter_context(proxies.a_proxy(self.s3.endpoint))
        proxy.faults = list(faults)
        self.loader.environment.update(self.s3.environment(), AWS_ENDPOINT_URL=proxy.url)

    def through_tls(self, authority: certificates.Authority, *, address: str, expired: bool) -> None:
        """Have S3 reached through a proxy with this certificate."""
        context = authority.server_context(self.loader.directory, address=address, expired=expired)
        proxy = self.opened.enter_context(proxies.a_proxy(self.s3.endpoint, tls=context))
        self.loader.environment.update(self.s3.environment(), AWS_ENDPOINT_URL=proxy.url)

    def web(self, *answers: servers.Answer) -> str:
        """A web file with these answers; its URL."""
        web = self.opened.enter_context(servers.a_web_server())
        web.answers["/m.tar.gz"] = list(answers)
        return f"{web.url}/m.tar.gz"

    def azure_environment(self) -> None:
        self.loader.environment.update(self.azure().environment())


Arrange = Callable[[Scene], str]
"""Brings a fault about and returns the dataUrl."""


def aws(code: str, message: str, more: str = "") -> bytes:
    return _AWS_ERROR.format(code=code, message=message, more=more).encode()


def answering(status: int, body: bytes) -> Arrange:
    def arrange(scene: Scene) -> str:
        url = scene.put("churn/model.tar.gz", MODEL)
        scene.through(proxies.Fault(answer=(status, body)))
        return url

    return arrange


def stored(key: str, content: bytes) -> Arrange:
    return lambda scene: scene.put(key, content)


def at(url: str, **environment: str) -> Arrange:
    def arrange(scene: Scene) -> str:
        scene.put("churn/model.tar.gz", MODEL)
        scene.loader.environment.update(environment)
        return url

    return arrange


def anonymously(scene: Scene) -> str:
    url = scene.put("churn/model.tar.gz", MODEL)
    scene.loader.environment = {"AWS_ENDPOINT_URL": scene.s3.endpoint}
    return url


def expired_url(scene: Scene) -> str:
    scene.put("churn/model.tar.gz", MODEL)
    long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=2)
    scene.loader.environment = {}
    return servers.signed_url(scene.s3, "models", "churn/model.tar.gz", when=long_ago, seconds=60)


def cut(scene: Scene) -> str:
    url = scene.put("churn/large.ubj", LARGE)
    scene.through(proxies.Fault(cut_after=1_200_000), proxies.Fault(cut_after=10))
    return url


def gone_in_mid_download(scene: Scene) -> str:
    url = scene.put("churn/gone.ubj", LARGE)
    delete = functools.partial(scene.s3.client.delete_object, Bucket="models", Key="churn/gone.ubj")
    scene.through(proxies.Fault(cut_after=1_200_000, afterwards=delete), proxies.FAITHFUL)
    return url


def always_changing(scene: Scene) -> str:
    url = scene.put("churn/changing.ubj", LARGE)
    contents = iter([LARGE[::-1], LARGE])

    def replace() -> None:
        scene.s3.client.put_object(Bucket="models", Key="churn/changing.ubj", Body=next(contents))

    scene.through(proxies.Fault(cut_after=1_200_000, afterwards=replace), proxies.FAITHFUL)
    return url


def stalling(scene: Scene) -> str:
    url = scene.put("churn/large.ubj", LARGE)
    scene.through(proxies.Fault(cut_after=0, stalls=True))
    return url


def nobody_listens(scene: Scene) -> str:
    closed = scene.opened.enter_context(socket.socket())
    closed.bind(("127.0.0.1", 0))
    url = scene.put("churn/model.tar.gz", MODEL)
    scene.loader.environment["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{closed.getsockname()[1]}"
    return url


def tls(*, address: str = "127.0.0.1", expired: bool = False, trusted: bool = True) -> Arrange:
    def arrange(scene: Scene) -> str:
        url = scene.put("churn/model.tar.gz", MODEL)
        authority = certificates.an_authority()
        scene.through_tls(authority, address=address, expired=expired)
        if trusted:
            scene.loader.environment["CA_CERTIFICATES"] = authority.pem
        return url

    return arrange


def plain_server_by_tls(scene: Scene) -> str:
    url = scene.put("churn/model.tar.gz", MODEL)
    scene.loader.environment["AWS_ENDPOINT_URL"] = scene.s3.endpoint.replace("http://", "https://")
    return url


def changed_since(scene: Scene) -> str:
    url = scene.put("churn/retrained.json", b"{}")
    scene.loader.success(url)
    (scene.loader.directory / "identity.json").write_text(scene.loader.last_word)
    return scene.put("churn/retrained.json", b"{} ")


def role(answer: tuple[int, str]) -> Arrange:
    """A role to assume, and AWS STS's answer to it."""

    def arrange(scene: Scene) -> str:
        sts = scene.opened.enter_context(identity_services.a_trusted_service(answer, scene.loader))
        identity_services.may_assume_role(scene.loader, sts)
        return "s3://models/churn/model.tar.gz"

    return arrange


def google_absent(scene: Scene) -> str:
    scene.loader.environment["GOOGLE_BASE_URL"] = scene.google().endpoint
    return "gs://models/absent"


def google_key(scene: Scene) -> str:
    scene.loader.environment.update(
        GOOGLE_BASE_URL=scene.google().endpoint, GOOGLE_SERVICE_ACCOUNT_KEY='{"type": "authorized_user"}'
    )
    return "gs://models/m"


def azure_at(url: str, **environment: str) -> Arrange:
    def arrange(scene: Scene) -> str:
        scene.azure_environment()
        scene.azure().put("models/m.json", b"{}")
        scene.loader.environment.update(environment)
        return url

    return arrange


def azure_expired(scene: Scene) -> str:
    scene.azure_environment()
    scene.azure().put("models/m.json", b"{}")
    del scene.loader.environment["AZURE_STORAGE_ACCOUNT_KEY"]
    token = emulators.sas_token(scene.azure(), "m.json", lasting=datetime.timedelta(0))
    scene.loader.environment["AZURE_STORAGE_SAS_KEY"] = token
    return "az://models/m.json"


def web_answer(status: int) -> Arrange:
    return lambda scene: scene.web(servers.Answer(status, b"no"))


def redirects_for_ever(scene: Scene) -> str:
    return scene.web(servers.Answer(302, headers=(("Location", "/m.tar.gz"),)))


def claimed(path: str) -> Arrange:
    def arrange(scene: Scene) -> str:
        claim = scene.loader.directory / "claim"
        claim.mkdir()
        (claim / "environment").symlink_to("/proc/self/environ")
        return f"pvc://models/{path}"

    return arrange
