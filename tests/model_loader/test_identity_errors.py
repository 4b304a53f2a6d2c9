"""Why a cloud gave no credentials, from what obstore says then."""

import pytest

from model_loader import identity_errors

STS = "Generic S3 error: Error performing POST REDACTED in 50.00814ms - "
AGENT = "Generic S3 error: Error performing GET http://169.254.170.23/v1/credentials in 2ms - "
GOOGLE = "Generic GCS error: Error performing POST https://oauth2.googleapis.com/token in 20ms - "
REFUSED = "Server returned non-2xx status code: "


@pytest.mark.parametrize(
    ("text", "meaning", "may_pass"),
    [
        pytest.param(
            f"{STS}{REFUSED}403 Forbidden: <Error><Code>AccessDenied</Code></Error>",
            "the role does not trust this pod's ServiceAccount (AccessDenied)",
            False,
            id="trust policy",
        ),
        pytest.param(
            f"{STS}{REFUSED}400 Bad Request: <Error><Code>InvalidIdentityToken</Code></Error>",
            "the account does not know who issued this pod's token (InvalidIdentityToken)",
            False,
            id="no identity provider",
        ),
        pytest.param(
            f"{STS}{REFUSED}400 Bad Request: <Error><Code>PackedPolicyTooLarge</Code></Error>",
            "the service that gives them refused this pod's identity (PackedPolicyTooLarge)",
            False,
            id="a code without a meaning of its own",
        ),
        pytest.param(
            f"{STS}{REFUSED}503 Service Unavailable",
            "the service that gives them answered 503",
            True,
            id="STS is unwell",
        ),
        pytest.param(
            f"{STS}HTTP error: error sending request kind: Connect,",
            "the service that gives them can't be reached",
            True,
            id="no way to STS",
        ),
        pytest.param(
            f'{AGENT}{REFUSED}404 Not Found: {{"message":"no association"}}',
            "the service that gives them answered 404",
            False,
            id="the agent knows no association",
        ),
        pytest.param(
            f'{GOOGLE}{REFUSED}400 Bad Request: {{"error": "invalid_grant"}}',
            "the service account's key is not valid any more, or this machine's clock is wrong (invalid_grant)",
            False,
            id="a deleted key of Google",
        ),
        pytest.param(
            "Error performing PUT http://169.254.169.254/latest/api/token in 1s - HTTP error",
            "none are set, and asking for some failed",
            True,
            id="no role of the machine",
        ),
        *(
            pytest.param(words, "the file with this pod's token can't be read", False, id=words)
            for words in (
                "Failed to read token file '/none': No such file or directory (os error 2)",
                "Failed to read EKS token file '/none': No such file or directory (os error 2)",
                "Error reading federated token file ",
            )
        ),
    ],
)
def test_the_reason_is_told_apart(text: str, meaning: str, may_pass: bool) -> None:
    assert identity_errors.explain(text) == (meaning, may_pass)


@pytest.mark.parametrize(
    "text",
    [
        f"Error performing GET https://s3.amazonaws.com/models/m in 2ms - {REFUSED}403 Forbidden: "
        "<Error><Code>AccessDenied</Code></Error>",
        f"Error performing HEAD https://s3.amazonaws.com/models/m in 2ms - {REFUSED}404 Not Found",
    ],
)
def test_what_the_store_itself_refused_is_not_about_credentials(text: str) -> None:
    assert identity_errors.explain(text) is None
