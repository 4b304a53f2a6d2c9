"""Running kopf so that it ends.

When one of kopf's tasks ends, it cancels the others, once, and waits for them for as long as it takes. A task that is
just waiting for new credentials, as when the API server cut off all watches, may miss its one cancellation: then kopf
would neither watch nor end.
"""

import asyncio
import logging
from collections.abc import Collection
from typing import Any

import kopf

logger = logging.getLogger(__name__)

_AGAIN_SECONDS = 1.0


async def run(
    tasks: Collection[asyncio.Task[Any]], *, others: Collection[asyncio.Task[Any]], patience: float = 10.0
) -> None:
    """Until kopf's root ``tasks`` have ended, which they do when one of them has; raises what ended them.

    What has not ended ``patience`` seconds after the first is cancelled until it has. ``others`` are not kopf's.
    """
    all_ended = asyncio.create_task(kopf.run_tasks(tasks, ignored=others))
    await asyncio.wait({all_ended, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    ended, _ = await asyncio.wait({all_ended}, timeout=patience)
    if ended:
        await all_ended
        return
    logger.warning("kopf has not ended in %g s: what is left of it is cancelled again", patience)
    while left := asyncio.all_tasks() - {asyncio.current_task(), *others}:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=_AGAIN_SECONDS)
