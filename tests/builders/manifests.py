"""Endpoints and EndpointConfigs as users write them, one line each, for every layer of the tests."""

from typing import Any

API_VERSION = "pointsman.dev/v1alpha1"


def variant(
    name: str = "Variant1", *, data_url: str = "s3://models/churn/1/model.tar.gz", **more: object
) -> Any:
    """A production variant; ``more`` are its other fields, as on the wire."""
    model = {"dataUrl": data_url, **(more.pop("model", None) or {})}  # type: ignore[dict-item]
    return {"variantName": name, "model": model, **more}


def endpoint_config(*variants: object, name: str = "churn-1", **metadata: object) -> Any:
    """An EndpointConfig; one variant when none is given."""
    return {
        "apiVersion": API_VERSION,
        "kind": "EndpointConfig",
        "metadata": {"name": name, **metadata},
        "spec": {"productionVariants": list(variants) or [variant()]},
    }


def endpoint(
    name: str = "churn", *, config: str = "churn-1", annotations: object = None, **spec: object
) -> Any:
    """An Endpoint; ``spec`` are its other fields, as on the wire."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Endpoint",
        "metadata": {"name": name, **({"annotations": annotations} if annotations else {})},
        "spec": {"endpointConfigName": config, **spec},
    }
