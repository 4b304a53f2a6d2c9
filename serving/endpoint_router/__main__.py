"""``endpoint-router``: reads the settings, then runs the router until it is told to end."""

import signal
import sys

from endpoint_router import logs, settings
from process_group import starting


def main() -> int:
    """The exit code: 0 after an end in good order, 2 for a bad setting."""
    starting.end_when_told()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    chosen = settings.from_process()
    logs.configure(chosen.log_format, chosen.log_level)
    # Only now, so that --help and a wrong option answer at once; and workers start while this process imports.
    workforce = None
    if chosen.workers > 1:
        from endpoint_router import workers

        workforce = workers.start(chosen, sys.argv[1:])
    import uvloop

    from endpoint_router import app
    from process_group import freed_memory

    freed_memory.keep()
    uvloop.run(app.run(chosen, workforce))
    return 0


if __name__ == "__main__":
    sys.exit(main())
