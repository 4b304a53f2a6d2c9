"""The object store that the pods read their models from: a real S3 server in the cluster, filled with boto3."""

from pathlib import Path
from typing import Any

import boto3
import botocore.config

from tests.cluster import Cluster
from tests.demo import reach

MANIFEST = Path(__file__).with_name("manifests") / "store.yaml"
BUCKET = "models"
PORT = 8333
SECRET = "models-s3"
_UPLOADER = {"aws_access_key_id": "pointsman-upload", "aws_secret_access_key": "upload-secret"}
_READER = {"AWS_ACCESS_KEY_ID": "pointsman-models", "AWS_SECRET_ACCESS_KEY": "models-secret"}


def deploy(cluster: Cluster, namespace: str, image: str) -> None:
    """Starts the store in ``namespace`` and waits until it answers."""
    manifest = MANIFEST.read_text().replace("IMAGE", image)
    cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=manifest)
    cluster.kubectl("rollout", "status", "-n", namespace, "deployment/store", "--timeout=100s")


def give_access(cluster: Cluster, *, store_namespace: str, namespace: str) -> None:
    """Puts the Secret with which pods of ``namespace`` may read the models."""
    literals = {
        **_READER,
        "AWS_ENDPOINT_URL": f"http://store.{store_namespace}.svc:{PORT}",
        "AWS_REGION": "us-east-1",
    }
    arguments = [f"--from-literal={key}={value}" for key, value in literals.items()]
    rendered = cluster.kubectl(
        "create", "secret", "generic", SECRET, *arguments, "--dry-run=client", "-o", "yaml"
    )
    cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=rendered)


def upload(cluster: Cluster, namespace: str, artefacts: dict[str, bytes]) -> None:
    """Puts each artefact under its key into the bucket ``models``."""
    with reach.service(cluster, namespace, "store", PORT) as url:
        client = _client(url)
        if BUCKET not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=BUCKET)
        for key, content in artefacts.items():
            client.put_object(Bucket=BUCKET, Key=key, Body=content)


def _client(url: str) -> Any:
    settings = botocore.config.Config(retries={"max_attempts": 5, "mode": "standard"})
    return boto3.client("s3", endpoint_url=url, region_name="us-east-1", config=settings, **_UPLOADER)
