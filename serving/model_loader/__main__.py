"""``model-loader``: the init container that brings a variant's model."""

import logging
import os
import signal
import sys
import threading

from endpoint_contract import model_identity
from model_loader import errors, identity, load, settings, store_settings

_READABLE_BY_ALL = 0o022


def main() -> int:
    """Run once. 0 with the identity as last word, 1 with the failure as last word."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    os.umask(_READABLE_BY_ALL)
    _end_on_sigterm()
    _unset_empty_variables()
    termination_log = settings.termination_log(sys.argv[1:])
    try:
        last_word = model_identity.render(load.load(settings.read(sys.argv[1:], os.environ)))
    except errors.LoaderError as exc:
        print(exc.line(), file=sys.stderr)
        identity.leave_last_word(exc.line(), termination_log)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    print(last_word)
    identity.leave_last_word(last_word, termination_log)
    return 0


def _end_on_sigterm() -> None:
    """End at once when the pod is deleted, also while a fetch blocks outside of Python.

    As process 1 of a container we would otherwise ignore the signal. Nothing needs tidying: runs begin clean.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def wait() -> None:
        signal.sigwait({signal.SIGTERM})
        os._exit(128 + signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def _unset_empty_variables() -> None:
    """An empty variable is the same as none; obstore, which reads the environment itself, panics on some."""
    for name, value in [*os.environ.items()]:
        if not value and name.startswith(store_settings.PREFIXES):
            del os.environ[name]


if __name__ == "__main__":
    sys.exit(main())
