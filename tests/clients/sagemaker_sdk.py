"""The SageMaker Python SDK's Predictor with each of its serializers and deserializers: a script for its own Python.

``python sagemaker_sdk.py ENDPOINT_URL`` reads rows, a JSON list of lists with null for missing values, and writes a
JSON list of ``[serializer, deserializer, predictions as hexadecimal float32]``.
"""

import json
import struct
import sys
from typing import Any

import boto3
import numpy as np
from sagemaker import deserializers, predictor, serializers, session
from sagemaker.amazon import common

# The SDK names its formats; the libsvm one has no class of its own beyond the content type that it sends.
_FORMATS = {
    "csv": (serializers.CSVSerializer(), deserializers.CSVDeserializer()),
    "libsvm": (serializers.LibSVMSerializer(), deserializers.StringDeserializer(accept="text/csv")),
    "json": (serializers.JSONSerializer(), deserializers.JSONDeserializer()),
    "jsonlines": (serializers.JSONLinesSerializer(), deserializers.JSONLinesDeserializer()),
    "recordio": (common.RecordSerializer(), common.RecordDeserializer()),
}


def written(kind: str, rows: list[list[float | None]]) -> Any:
    """What the serializer of ``kind`` is given for the rows."""
    if kind == "csv":
        return [["" if value is None else value for value in row] for row in rows]
    if kind == "libsvm":
        return "\n".join(
            "0 " + " ".join(f"{i}:{value!r}" for i, value in enumerate(row) if value is not None)
            for row in rows
        )
    if kind == "json":
        return {"instances": rows}
    if kind == "jsonlines":
        return [{"features": row} for row in rows]
    return np.array(rows, dtype="float32")


def predictions(kind: str, answer: Any) -> list[float]:
    """The numbers in what the deserializer of ``kind`` gave."""
    if kind == "csv":
        return [float(cell) for row in answer for cell in row]
    if kind == "libsvm":
        return [float(line) for line in answer.split()]
    if kind == "json":
        return [item["score"] for item in answer["predictions"]]
    if kind == "jsonlines":
        return [item["score"] for item in answer]
    return [record.label["score"].float32_tensor.values[0] for record in answer]


def main(endpoint_url: str) -> None:
    """Ask with each serializer for the answer that each deserializer wants."""
    rows = json.load(sys.stdin)
    boto_session = boto3.Session("unused", "unused", region_name="us-east-1")
    runtime = boto_session.client("sagemaker-runtime", endpoint_url=endpoint_url)
    sagemaker_session = session.Session(boto_session, sagemaker_runtime_client=runtime)
    results = []
    for sent, (serializer, _) in _FORMATS.items():
        for wanted, (_, deserializer) in _FORMATS.items():
            endpoint = predictor.Predictor("churn", sagemaker_session, serializer, deserializer)
            found = predictions(wanted, endpoint.predict(written(sent, rows)))
            results.append([sent, wanted, struct.pack(f"<{len(found)}f", *found).hex()])
    # A bare array, as most would send it, missing values and all.
    endpoint = predictor.Predictor(
        "churn", sagemaker_session, serializers.JSONSerializer(), deserializers.JSONDeserializer()
    )
    found = predictions("json", endpoint.predict(np.array(rows, dtype="float32")))
    results.append(["json, bare array", "json", struct.pack(f"<{len(found)}f", *found).hex()])
    print(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1])
