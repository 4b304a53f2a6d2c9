"""Every request format × objective × answer, against Booster.predict to the bit: a script, for any XGBoost.

``python -m tests.xgboost_server.table`` prints the table with the number of cases; exit 1 at the first mismatch.
Several rows a request, some values missing; the last column is missing everywhere, so that narrow rows are in it.
"""

import asyncio
import json
import struct
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xgboost

from tests.xgboost_server import in_process, models, objectives
from xgboost_server import booster, matrix, selectable
from xgboost_server.codecs import record_pb2, recordio

ROWS = models.some_rows(6, objectives.COLUMNS - 1, seed=11)
ROWS[0, 0] = 0.5  # else nothing would tell libsvm's two ways of counting apart


def _cells(row: list[float], missing: str) -> list[str]:
    return [missing if np.isnan(value) else repr(value) for value in row]


def _csv(rows: matrix.Matrix) -> bytes:
    return "\n".join(",".join(_cells(row, "")) for row in rows.tolist()).encode()


def _tabs(rows: matrix.Matrix) -> bytes:
    return "\r\n".join("\t".join(_cells(row, "nan")) for row in rows.tolist()).encode()


def _libsvm(base: int) -> Callable[[matrix.Matrix], bytes]:
    def write(rows: matrix.Matrix) -> bytes:
        lines = (
            " ".join(f"{index + base}:{value!r}" for index, value in enumerate(row) if not np.isnan(value))
            for row in rows.tolist()
        )
        return "".join(f"1 {line}\n" for line in lines).encode()

    return write


def _recordio(kind: str, *, is_sparse: bool = False) -> Callable[[matrix.Matrix], bytes]:
    def write(rows: matrix.Matrix) -> bytes:
        return recordio.write(_record(row, kind, is_sparse) for row in rows.tolist())

    return write


def _record(row: list[float], kind: str, is_sparse: bool) -> bytes:
    record = record_pb2.Record()
    tensor = getattr(record.features["values"], kind)
    if is_sparse:
        tensor.shape.append(len(row))
        tensor.keys.extend(index for index, value in enumerate(row) if not np.isnan(value))
        tensor.values.extend(value for value in row if not np.isnan(value))
    else:
        tensor.values.extend(row)
    return record.SerializeToString()


def _nulls(rows: matrix.Matrix) -> list[list[float | None]]:
    return [[None if np.isnan(value) else value for value in row] for row in rows.tolist()]


def _json(rows: matrix.Matrix) -> bytes:
    return json.dumps({"instances": _nulls(rows)}).encode()


def _json_features(rows: matrix.Matrix) -> bytes:
    return json.dumps({"instances": [{"features": row} for row in _nulls(rows)]}).encode()


def _jsonlines(rows: matrix.Matrix) -> bytes:
    return "\n".join(json.dumps({"features": row}) for row in _nulls(rows)).encode()


REQUESTS: Mapping[str, tuple[str | None, Callable[[matrix.Matrix], bytes]]] = {
    "csv": ("text/csv", _csv),
    "csv, tabs": ("csv; label_size=1", _tabs),
    "libsvm from 0": ("text/libsvm", _libsvm(0)),
    "libsvm from 1": ("text/x-libsvm", _libsvm(1)),
    "libsvm unnamed": (None, _libsvm(1)),
    "recordio float32": ("application/x-recordio-protobuf", _recordio("float32_tensor")),
    "recordio float64": ("recordio-protobuf", _recordio("float64_tensor")),
    "recordio sparse": ("application/x-recordio-protobuf", _recordio("float32_tensor", is_sparse=True)),
    "json": ("application/json", _json),
    "json, features": ("application/json; charset=utf-8", _json_features),
    "jsonlines": ("application/jsonlines", _jsonlines),
}


def _from_scores(scores: list[Any]) -> list[Any]:
    return [np.atleast_1d(np.array(score, dtype=np.float32)) for score in scores]


def _read_csv(body: bytes) -> list[Any]:
    return [np.array(line.split(","), dtype=np.float64) for line in body.decode().splitlines()]


def _read_batch_csv(body: bytes) -> list[Any]:
    return [np.atleast_1d(json.loads(line)) for line in body.decode().splitlines()]


def _read_json(body: bytes) -> list[Any]:
    return _from_scores([item["score"] for item in json.loads(body)["predictions"]])


def _read_jsonlines(body: bytes) -> list[Any]:
    return _from_scores([json.loads(line)["score"] for line in body.splitlines()])


def _labels(body: bytes) -> list[dict[str, list[float]]]:
    records = [record_pb2.Record.FromString(content) for content in recordio.read(body)]
    return [
        {key: list(record.label[key].float32_tensor.values) for key in record.label} for record in records
    ]


def _read_recordio(body: bytes) -> list[Any]:
    return _from_scores([labels["score"] for labels in _labels(body)])


ANSWERS: Mapping[str, Callable[[bytes], list[Any]]] = {
    "text/csv": _read_csv,
    "application/json": _read_json,
    "application/jsonlines": _read_jsonlines,
    "application/x-recordio-protobuf": _read_recordio,
}


def selected(name: str, prediction: Any) -> dict[str, Any]:
    """What all keys hold for a row's prediction, as AWS's documentation of its container says it."""
    values: dict[str, Any] = dict.fromkeys(selectable.KEYS)
    raw = prediction.astype(np.float64)
    if name.startswith("reg:"):
        return {**values, "predicted_score": raw.tolist() if len(raw) > 1 else raw.item()}
    if name == "multi:softprob":
        best = {"probability": raw.max(), "raw_score": raw.max(), "predicted_label": int(raw.argmax())}
        return {
            **values,
            **best,
            "labels": [0, 1, 2],
            "probabilities": raw.tolist(),
            "raw_scores": raw.tolist(),
        }
    one = raw.item()
    values |= {"raw_score": one, "raw_scores": [1 - one, one], "predicted_label": one, "labels": [0, 1]}
    if name == "binary:logistic":
        values |= {"predicted_label": int(one > 0.5), "probability": one, "probabilities": [1 - one, one]}
    elif name == "binary:logitraw":
        values["predicted_label"] = int(one > 0)
    else:
        values["labels"] = [0, 1, 2] if name == "multi:softmax" else [0, 1]
    return values


def has_selected(name: str) -> bool:
    """Whether the objective has selectable output at all."""
    return name.startswith(("reg:", "binary:", "multi:")) and name != objectives.SEVERAL_LABELS


def _selected_body(accept: str, rows: list[dict[str, Any]], *, is_batch: bool) -> Any:
    """The answer in a form to compare: of CSV the text, of the others what they say."""
    if accept == "text/csv":
        lines = (",".join(map(_selected_cell, row.values())) for row in rows)
        return "\n".join(lines) + "\n" * is_batch
    if accept == "application/x-recordio-protobuf":
        shown = [{key: _float32(value) for key, value in row.items()} for row in rows]
        return repr(sorted(shown[0].items())), repr([sorted(row.items()) for row in shown])
    return rows


def _selected_cell(value: Any) -> str:
    if value is None:
        return "nan"
    return f'"{value}"' if isinstance(value, list) else str(value)


def _float32(value: Any) -> list[float]:
    values = value if isinstance(value, list) else [float("nan") if value is None else value]
    return [struct.unpack("<f", struct.pack("<f", item))[0] for item in values]


def _selected_found(accept: str, body: bytes) -> Any:
    if accept == "text/csv":
        return body.decode()
    if accept == "application/x-recordio-protobuf":
        rows = _labels(body)
        return repr(sorted(rows[0].items())), repr([sorted(row.items()) for row in rows])
    if accept == "application/jsonlines":
        return [json.loads(line) for line in body.splitlines()]
    return json.loads(body)["predictions"]


class Table:
    """The cells of one objective; ``counts`` by what was asked for."""

    def __init__(self, name: str) -> None:
        trained = objectives.train(name)
        self.name = name
        self.counts: Counter[str] = Counter()
        self.model = booster.load("model", models.content(trained))
        reloaded = xgboost.Booster(model_file=models.content_array(trained, "json"))
        self.right = models.expected(reloaded, ROWS)
        self.rows = list(self.right.reshape(len(ROWS), -1))

    async def check(self) -> None:
        """Raises AssertionError naming the cell that differs."""
        for is_batch in (False, True):
            batch = "true" if is_batch else "false"
            async with in_process.a_server(self.model, SAGEMAKER_BATCH=batch) as client:
                await self._plain(client, is_batch=is_batch)
                if not is_batch:
                    await self._open_inference(client)
            keys = ",".join(selectable.KEYS)
            async with in_process.a_server(
                self.model, SAGEMAKER_BATCH=batch, SAGEMAKER_INFERENCE_OUTPUT=keys
            ) as client:
                await self._selected(client, is_batch=is_batch)

    async def _ask(self, client: in_process.Client, form: str, accept: str) -> in_process.Answer:
        content_type, write = REQUESTS[form]
        return await client.post("/invocations", write(ROWS), Content_Type=content_type, Accept=accept)

    async def _plain(self, client: in_process.Client, *, is_batch: bool) -> None:
        for form in REQUESTS:
            for accept, read in ANSWERS.items():
                answer = await self._ask(client, form, accept)
                cell = f"{self.name}, {form}, {accept}, batch={is_batch}"
                assert (answer.status, answer.content_type.partition(";")[0]) == (200, accept), cell
                read_rows = _read_batch_csv if is_batch and accept == "text/csv" else read
                found = np.stack(read_rows(answer.body)).astype(np.float32)
                assert found.tobytes() == self.right.tobytes(), cell
                self.counts["batch" if is_batch else "plain"] += 1

    async def _selected(self, client: in_process.Client, *, is_batch: bool) -> None:
        for form in REQUESTS:
            for accept in ANSWERS:
                answer = await self._ask(client, form, accept)
                cell = f"{self.name}, {form}, {accept}, selected, batch={is_batch}: {answer.body!r}"
                if not has_selected(self.name):
                    reason = f"Objective `{objectives.objective(self.name)}` unsupported for selectable"
                    assert (answer.status, answer.body.startswith(reason.encode())) == (500, True), cell
                    self.counts["selected: 500"] += 1
                    continue
                assert (answer.status, answer.content_type.partition(";")[0]) == (200, accept), cell
                rows = [selected(self.name, row) for row in self.rows]
                right = _selected_body(accept, rows, is_batch=is_batch)
                assert _selected_found(accept, answer.body) == right, cell
                self.counts["selected, batch" if is_batch else "selected"] += 1

    async def _open_inference(self, client: in_process.Client) -> None:
        for datatype in ("FP32", "FP64"):
            for is_binary_in in (False, True):
                for is_binary_out in (False, True):
                    answer = await self._infer(client, datatype, is_binary_in, is_binary_out)
                    cell = f"{self.name}, {datatype}, binary {is_binary_in} {is_binary_out}: {answer.body!r}"
                    assert answer.status == 200, cell
                    length = int(answer.headers.get("inference-header-content-length", len(answer.body)))
                    output = json.loads(answer.body[:length])["outputs"][0]
                    assert output["shape"] == list(self.right.shape), cell
                    found = answer.body[length:] or np.array(output["data"], dtype=np.float32).tobytes()
                    assert found == self.right.tobytes(), cell
                    self.counts["open inference"] += 1

    async def _infer(
        self, client: in_process.Client, datatype: str, is_binary_in: bool, is_binary_out: bool
    ) -> in_process.Answer:
        data = ROWS.astype("<f4" if datatype == "FP32" else "<f8").tobytes()
        tensor: dict[str, Any] = {"name": "x", "shape": list(ROWS.shape), "datatype": datatype}
        if is_binary_in:
            tensor["parameters"] = {"binary_data_size": len(data)}
        else:
            tensor["data"] = _nulls(ROWS)
        request = {"inputs": [tensor], "parameters": {"binary_data_output": is_binary_out}}
        text = json.dumps(request).encode()
        return await client.post(
            "/v2/models/any/infer",
            text + data * is_binary_in,
            Inference_Header_Content_Length=str(len(text)) if is_binary_in else None,
        )


def main() -> int:
    """Check and print all of it."""
    total: Counter[str] = Counter()
    for name in objectives.NAMES:
        table = Table(name)
        asyncio.run(table.check())
        print(f"{name:32} " + ", ".join(f"{kind} {count}" for kind, count in table.counts.items()))
        total += table.counts
    print(f"XGBoost {xgboost.__version__}, {len(objectives.NAMES)} objectives: {total.total()} cells equal")
    print(f"{len(REQUESTS)} request formats and Open Inference, {len(ANSWERS)} answers: {dict(total)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
