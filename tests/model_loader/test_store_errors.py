import pytest

from model_loader import errors, store_errors

STATUS = (
    "Generic S3 error: Error performing GET http://h/b/k?X-Amz-Signature=hunter2 in 2ms - Server returned "
)


def translate(text: str) -> errors.DownloadError:
    return store_errors.translate(ValueError(text), shown="s3://b/k", host="h:1", stall_timeout=30)


@pytest.mark.parametrize(
    ("text", "message", "is_transient"),
    [
        (
            "Error performing PUT http://169.254.169.254/latest/api/token in 1s - HTTP error: kind: Connect,",
            "no credentials: none are set, and asking for some failed",
            True,
        ),
        (
            "Received redirect without LOCATION, this normally indicates an incorrectly configured region",
            "the bucket is in another region; set AWS_REGION",
            False,
        ),
        (
            f"{STATUS}non-2xx status code: 400 Bad Request: <Error><Code>ExpiredToken</Code>",
            "access denied (ExpiredToken: the session token has expired)",
            False,
        ),
        (
            f"{STATUS}non-2xx status code: 503 Service Unavailable: <Error><Code>SlowDown</Code>",
            "the store answered 503 (SlowDown)",
            True,
        ),
        (f"{STATUS}non-2xx status code: 400: <Code>Odd</Code>", "the store answered 400 (Odd)", False),
        (
            "kind: Connect, error: InvalidCertificate(ExpiredContext { time: 1 })",
            "cannot connect to h:1: its certificate has expired",
            False,
        ),
        (
            "kind: Connect, error: InvalidCertificate(UnknownIssuer)",
            "put the CA's into CA_CERTIFICATES",
            False,
        ),
        (
            "something that no release has said yet ?X-Amz-Signature=hunter2",
            "the transfer from h:1 broke off",
            True,
        ),
    ],
)
def test_what_the_library_says_becomes_a_few_words_without_a_secret(
    text: str, message: str, is_transient: bool
) -> None:
    error = translate(text)
    assert str(error).startswith("s3://b/k: ")
    assert message in str(error)
    assert "hunter2" not in str(error)
    assert isinstance(error, errors.TransientDownloadError) is is_transient
