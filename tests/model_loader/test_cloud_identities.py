"""Credentials that a cloud gives to a pod for its ServiceAccount, without a Secret."""

from urllib import parse

from tests.model_loader import identity_services, program, servers

KEYS = ("key-1", "secret-1", "session-1")


def stored(web: servers.Web, path: str) -> None:
    """Have the web server play a store that has this object, and keep the credentials that it was shown."""
    when = "Thu, 01 Jan 2026 00:00:00 GMT"
    web.answers[path] = [servers.Answer(body=b"{}", headers=(("ETag", '"1"'), ("Last-Modified", when)))]


def test_a_role_is_assumed_with_the_token_of_the_service_account(
    loader: program.Loader, web: servers.Web
) -> None:
    stored(web, "/models/m.json")
    loader.environment["AWS_ENDPOINT_URL"] = web.url
    with identity_services.a_trusted_service(identity_services.assumed_role(*KEYS), loader) as sts:
        identity_services.may_assume_role(loader, sts)
        loader.success("s3://models/m.json")
    query = sts.requests[0].query
    assert (query["Action"], query["RoleArn"]) == ("AssumeRoleWithWebIdentity", identity_services.ROLE)
    assert query["WebIdentityToken"] == identity_services.TOKEN
    assert_signed_with_keys(web)


def test_the_pod_identity_agent_is_asked_with_the_pods_token(
    loader: program.Loader, web: servers.Web
) -> None:
    stored(web, "/models/m.json")
    with identity_services.a_service(identity_services.container_credentials(*KEYS)) as agent:
        loader.environment.update(
            AWS_ENDPOINT_URL=web.url,
            AWS_REGION="us-east-1",
            AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{agent.url}/v1/credentials",
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=identity_services.with_token(loader),
        )
        loader.success("s3://models/m.json")
    asked = agent.requests[0]
    assert (asked.path, asked.headers["authorization"]) == ("/v1/credentials", identity_services.TOKEN)
    assert_signed_with_keys(web)


def assert_signed_with_keys(web: servers.Web) -> None:
    for headers in web.headers:
        assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=key-1/")
        assert headers["x-amz-security-token"] == "session-1"


def test_a_blob_is_asked_for_with_the_token_of_the_workloads_identity(
    loader: program.Loader, web: servers.Web
) -> None:
    stored(web, "/account/models/m.json")
    with identity_services.a_trusted_service(identity_services.entra_token("bearer-1"), loader) as entra:
        loader.environment.update(
            AZURE_STORAGE_ACCOUNT_NAME="account",
            AZURE_STORAGE_ENDPOINT=f"{web.url}/account",
            AZURE_CLIENT_ID="client-1",
            AZURE_TENANT_ID="tenant-1",
            AZURE_FEDERATED_TOKEN_FILE=identity_services.with_token(loader),
            AZURE_AUTHORITY_HOST=entra.url,
        )
        loader.success("az://models/m.json")
    asked = entra.requests[0]
    assert asked.path == "/tenant-1/oauth2/v2.0/token"
    assert dict(parse.parse_qsl(asked.body))["client_assertion"] == identity_services.TOKEN
    assert {headers["authorization"] for headers in web.headers} == {"Bearer bearer-1"}
