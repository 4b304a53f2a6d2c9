"""Asking routers what they really do: ``GET :8001/route-table`` of every pod, and since when one does not
answer."""

import asyncio
import logging
from collections.abc import Mapping

import aiohttp

from endpoint_contract import ports, router_report
from endpoint_operator.rollout import observed

logger = logging.getLogger(__name__)

TIMEOUT = 1.0
"""Seconds for one router's whole answer."""


class Asker:
    """One HTTP session for all routers; it keeps nothing of what they say."""

    def __init__(self, *, port: int = ports.ROUTER_ADMIN, timeout: float = TIMEOUT) -> None:
        self._port = port
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def ask(
        self, addresses: Mapping[str, str], before: Mapping[str, observed.RouterAnswer], now: float
    ) -> dict[str, observed.RouterAnswer]:
        """The answer of every pod in ``addresses`` (name to IP), asked at the same time; over within the
        time-out.

        A pod that was silent in ``before`` already stays so since then; else since ``now``, seconds of the
        epoch.
        """
        reports = await asyncio.gather(*(self._ask_one(name, ip) for name, ip in addresses.items()))
        return {
            name: report if report is not None else _silent(before.get(name), now)
            for name, report in zip(addresses, reports, strict=True)
        }

    async def _ask_one(self, name: str, ip: str) -> router_report.RouterReport | None:
        if self._session is None:
            # Pods come and go: nothing is gained by keeping their connections, and a dead one costs a
            # time-out.
            connector = aiohttp.TCPConnector(limit=0, force_close=True)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        host = f"[{ip}]" if ":" in ip else ip
        try:
            async with self._session.get(f"http://{host}:{self._port}/route-table") as answer:
                body = await answer.read()
            return router_report.parse(body) if answer.status == 200 else None
        except (aiohttp.ClientError, OSError, TimeoutError, router_report.RouterReportError) as exc:
            logger.debug("the router of pod %s does not answer: %s", name, str(exc) or type(exc).__name__)
            return None


def _silent(before: observed.RouterAnswer | None, now: float) -> observed.Unreachable:
    return (
        before if isinstance(before, observed.Unreachable) else observed.Unreachable(since=now, last=before)
    )
