"""Requests as a client application sends them: boto3's unmodified sagemaker-runtime client, a few at a time."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.config
import botocore.exceptions
import botocore.session


@dataclass(frozen=True, slots=True)
class Answer:
    """``at`` is seconds since the traffic began; ``variant`` is None when the request failed with ``error``."""

    at: float
    variant: str | None
    score: float
    error: str = ""


def client(url: str) -> Any:
    """A sagemaker-runtime client of this endpoint. It never retries, so that no failure is hidden."""
    settings = botocore.config.Config(retries={"total_max_attempts": 1}, max_pool_connections=32)
    keys = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused"}
    return boto3.client(
        "sagemaker-runtime", endpoint_url=url, region_name="us-east-1", config=settings, **keys
    )


def invoke(runtime: Any, endpoint: str, row: str, *, target: str | None = None) -> tuple[str, float]:
    """One prediction: the variant that made it, and its score."""
    extra = {"TargetVariant": target} if target else {}
    answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=row, **extra)
    return answer["InvokedProductionVariant"], float(answer["Body"].read())


class Traffic:
    """A steady stream of requests from ``workers`` threads until it is stopped; keeps every answer."""

    def __init__(self, runtime: Any, endpoint: str, rows: Sequence[str], *, workers: int = 4) -> None:
        self._runtime = runtime
        self._endpoint = endpoint
        self._rows = rows
        self._stop = threading.Event()
        self._answers: list[Answer] = []
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._send, args=(n, workers)) for n in range(workers)]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def now(self) -> float:
        """Seconds since the traffic began."""
        return time.monotonic() - self._began

    def answers(self) -> list[Answer]:
        """All answers up to now, in order of their arrival."""
        return list(self._answers)

    def collect(self, count: int, *, timeout: float = 120) -> Counter[str]:
        """Waits for ``count`` more answers and says how many each variant gave (``failed`` counts the others)."""
        start = len(self._answers)
        deadline = time.monotonic() + timeout
        while len(self._answers) < start + count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"only {len(self._answers) - start} of {count} answers in {timeout:.0f} s")
            self._stop.wait(0.05)
        return Counter(answer.variant or "failed" for answer in self._answers[start : start + count])

    def _send(self, first: int, step: int) -> None:
        position = first
        while not self._stop.is_set():
            row = self._rows[position % len(self._rows)]
            position += step
            self._answers.append(self._ask(row))

    def _ask(self, row: str) -> Answer:
        try:
            variant, score = invoke(self._runtime, self._endpoint, row)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as exc:
            return Answer(at=self.now(), variant=None, score=float("nan"), error=str(exc))
        return Answer(at=self.now(), variant=variant, score=score)
