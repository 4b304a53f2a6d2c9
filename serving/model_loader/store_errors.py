"""What an object store's failure means, in a few words; the one place that knows how obstore puts things.

obstore tells HTTP statuses, S3 error codes and network trouble in the text of its exceptions only. That text
also holds whole URLs, signatures included, so nothing of it is repeated except the words recognised here.
"""

import contextlib
import re
from collections.abc import Iterator

from model_loader import errors, identity_errors, statuses

_CODE = re.compile(r"<Code>(\w{1,64})</Code>")
_SYSTEM_ERROR = re.compile(r'message: "([\w ,.-]{1,80})"')

_REGION = re.compile(r"<Region>([a-z0-9-]{1,32})</Region>")

_OTHER_REGION = "the bucket is in another region; set AWS_REGION"

# What the codes of S3, Google Cloud Storage and Azure mean.
_CODES = {
    "NoSuchKey": "no such key",
    "NoSuchBucket": "no such bucket",
    "BlobNotFound": "no such blob",
    "ContainerNotFound": "no such container",
    "ResourceNotFound": "not found (ResourceNotFound: no such account, or nothing without credentials)",
    "InvalidObjectState": "the object is archived (InvalidObjectState); restore it first",
    "BlobArchived": "the blob is archived (BlobArchived); restore it first",
    "AuthorizationHeaderMalformed": _OTHER_REGION,
    "PermanentRedirect": _OTHER_REGION,
}
_DENIALS = {
    "AccessDenied": "these credentials may not read it, or it does not exist",
    "InvalidAccessKeyId": "the store does not know this access key",
    "SignatureDoesNotMatch": "the secret access key is wrong",
    "ExpiredToken": "the session token has expired",
    "InvalidToken": "the session token is not valid",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "AuthenticationRequired": "the token is not valid or has expired",
    "AuthenticationFailed": "the account key or SAS token is wrong or has expired",
    "AuthorizationFailure": "the credentials are wrong, missing or too weak",
    "AuthorizationPermissionMismatch": "these credentials may not read it",
    "NoAuthenticationInformation": "it can't be read without credentials",
    "PublicAccessNotPermitted": "it can't be read without credentials",
}
_EXPIRED_URL = "<Message>Request has expired</Message>"
_STATUSES = {
    "401": "access denied (401)",
    "403": "access denied (403)",
    "404": "not found (404)",
    "410": "gone (410)",
}

# First match wins: (words of the exception's text, what they mean, whether another attempt may succeed).
_TROUBLES = (
    (
        "object with invalid path:",
        "a key in it can't be fetched: it has an empty part ('//'), a part '.' or '..', or a control character; "
        "rename that object",
        False,
    ),
    ("incorrectly configured region", "the bucket is in another region; set AWS_REGION", False),
    ("MissingContentLength", "the server does not tell the length (no Content-Length)", False),
    ("BadScheme", "redirected from https to plain http, which is not followed", False),
    ("TooManyRedirects", "too many redirects", False),
    ('"dns error"', "cannot connect to {host}: the name does not resolve", True),
    ("ExpiredContext {", "cannot connect to {host}: its certificate has expired", False),
    (
        "NotValidForNameContext {",
        "cannot connect to {host}: its certificate is for another name",
        False,
    ),
    (
        "InvalidCertificate",
        "cannot connect to {host}: its certificate is of no CA that is trusted; put the CA's into CA_CERTIFICATES",
        False,
    ),
    ("InvalidContentType", "cannot connect to {host}: it does not speak TLS; use http://", False),
    ("kind: Timeout", "timed out: nothing came from {host} for {stall:g} s", True),
    ("kind: Connect,", "cannot connect to {host}", True),
)


def translate(exc: Exception, *, shown: str, host: str, stall_timeout: float) -> errors.DownloadError:
    """Our error for one of obstore's; ``host`` is the store's ``host:port``, times are in seconds."""
    text = str(exc)
    status, code = statuses.find(text), _CODE.search(text)
    if no_credentials := identity_errors.explain(text):
        meaning, may_pass = no_credentials
        return _error(f"{shown}: no credentials: {meaning}", may_pass)
    if code and (code[1] in _CODES or code[1] in _DENIALS):
        return errors.DownloadError(f"{shown}: {_explained(code[1], text)}")
    if status:
        return _refusal(shown, status, code[1] if code else "")
    for words, meaning, is_transient in _TROUBLES:
        if words in text:
            return _error(
                f"{shown}: {meaning.format(host=host, stall=stall_timeout)}{_cause(text)}", is_transient
            )
    return errors.TransientDownloadError(f"{shown}: the transfer from {host} broke off")


@contextlib.contextmanager
def panics_told(shown: str) -> Iterator[None]:
    """Tell of a panic of obstore, which some settings lead it into. Raises DownloadError."""
    try:
        yield
    except BaseException as exc:
        # It is no Exception, and its class can't be imported.
        if type(exc).__name__ != "PanicException":
            raise
        raise errors.DownloadError(
            f"{shown}: no request can be made of the store's settings; check its address, region and credentials"
        ) from exc


def _explained(code: str, text: str) -> str:
    if _EXPIRED_URL in text:
        return "access denied (the signature of the URL has expired)"
    if code in _DENIALS:
        return f"access denied ({code}: {_DENIALS[code]})"
    region = _REGION.search(text)
    return _CODES[code] + (f" to {region[1]}" if region and _CODES[code] == _OTHER_REGION else "")


def _refusal(shown: str, status: str, code: str) -> errors.DownloadError:
    meaning = _STATUSES.get(status, f"the store answered {status}")
    details = f" ({code})" if code else ""
    return _error(f"{shown}: {meaning}{details}", statuses.may_pass(status))


def _error(message: str, is_transient: bool) -> errors.DownloadError:
    return (errors.TransientDownloadError if is_transient else errors.DownloadError)(message)


def _cause(text: str) -> str:
    """The operating system's own words, such as ``connection refused``."""
    match = _SYSTEM_ERROR.search(text)
    return f" ({match[1].lower()})" if match and "kind: Connect" in text and "tcp connect" in text else ""
