"""The schema admits exactly the dataUrls that the model loader loads in a pod."""

import re

import pytest

from endpoint_operator.api import endpoint_config
from model_loader import data_url, errors


def is_admitted(url: str) -> bool:
    return re.search(endpoint_config.DATA_URL_PATTERN, url) is not None


def is_understood(url: str) -> bool:
    try:
        data_url.read(url)
    except errors.SettingsError:
        return False
    return True


@pytest.mark.parametrize(
    "url",
    [
        "s3://models/churn/1/model.tar.gz",
        "s3://models/churn/1/",
        "gs://models/churn/model.json",
        "az://models/churn/",
        "abfs://models@account.dfs.core.windows.net/churn/m.ubj",
        "abfss://models@account.dfs.core.windows.net/churn/",
        "http://store.models.svc/m.json",
        "https://store.example.com/m.json?X-Amz-Signature=1",
        "pvc://models/churn/model.tar.gz",
        "pvc://models/churn/",
    ],
)
def test_every_scheme_of_the_release_is_admitted_and_understood(url: str) -> None:
    assert is_admitted(url)
    assert is_understood(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "models/m.json",
        "ftp://host/m",
        "hdfs://host/m",
        "oci://host/m",
        "pvc://Models/m",
        "pvc://models",
        "s3:/b/k",
    ],
)
def test_anything_else_is_refused_by_both(url: str) -> None:
    assert not is_admitted(url)
    assert not is_understood(url)


def test_files_of_the_machine_are_for_programs_run_by_hand_only() -> None:
    assert is_understood("file:///models/m.json")
    assert not is_admitted("file:///models/m.json")
