"""Triton's HTTP client against V2: a script for its own Python.

``python tritonclient_infer.py HOST:PORT`` reads rows as sagemaker_sdk.py does, and writes a JSON object: what the
server says of itself, and ``[datatype, binary in, binary out, predictions as hexadecimal float32]`` for each way.
"""

import itertools
import json
import sys

import numpy as np
from tritonclient import http, utils


def main(address: str) -> None:
    """Health, metadata, and inference in every way that the client has."""
    rows = np.array(json.load(sys.stdin), dtype="float32")
    client = http.InferenceServerClient(address)
    about = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model ready": client.is_model_ready("churn"),
        "server": client.get_server_metadata(),
        "model": client.get_model_metadata("churn"),
    }
    results = []
    for datatype, is_binary_in, is_binary_out in itertools.product(
        ("FP32", "FP64"), (True, False), (True, False)
    ):
        if np.isnan(rows).any() and not is_binary_in:
            continue  # this client writes no null for what JSON has no number for
        tensor = http.InferInput("rows", list(rows.shape), datatype)
        tensor.set_data_from_numpy(rows.astype(utils.triton_to_np_dtype(datatype)), binary_data=is_binary_in)
        wanted = http.InferRequestedOutput("output-0", binary_data=is_binary_out)
        answer = client.infer("churn", [tensor], outputs=[wanted], request_id="42")
        assert answer.get_response()["id"] == "42"
        results.append([datatype, is_binary_in, is_binary_out, answer.as_numpy("output-0").tobytes().hex()])
    try:
        client.infer("churn", [tensor, tensor])
        refusal = None
    except utils.InferenceServerException as exc:
        refusal = exc.message()
    print(json.dumps({"about": about, "results": results, "refusal": refusal}))


if __name__ == "__main__":
    main(sys.argv[1])
