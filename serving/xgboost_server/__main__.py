"""``xgboost-server``: load the model, warm it up, listen; or say in one line why not."""

import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from endpoint_contract import failures, pod_environment
from process_group import starting
from xgboost_server import errors, settings

_logger = logging.getLogger(__name__)


def main(
    arguments: Sequence[str] | None = None, termination_log: Path = Path(pod_environment.TERMINATION_LOG)
) -> int:
    """Serve until told to stop, or convert one file; the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["convert"]:
        from xgboost_server import convert

        return convert.main(given[1:])
    starting.end_when_told()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    try:
        configuration = settings.read(given, os.environ)
        for doubt in configuration.doubts:
            _logger.warning("%s", doubt)
        # Only now: XGBoost takes a second, in which --help, a wrong setting and an end that is asked for need not wait.
        from xgboost_server import app, model_dir

        predictor = model_dir.load(configuration.model_dir, joins_several=configuration.joins_several)
        # A worker thread that parses a large body gives the interpreter back to the event loop ten times sooner.
        sys.setswitchinterval(0.0005)
        app.run(configuration, predictor)
    except errors.SettingsError as exc:
        return _fail(failures.line(failures.SETTINGS_REFUSED, str(exc)), termination_log)
    except errors.ModelLoadError as exc:
        return _fail(failures.line(failures.MODEL_LOAD_FAILED, str(exc)), termination_log)
    except OSError as exc:
        return _fail(failures.line(failures.SETTINGS_REFUSED, f"cannot listen: {exc}"), termination_log)
    return 0


def _fail(line: str, termination_log: Path) -> int:
    print(line, file=sys.stderr)
    if termination_log.exists():
        with contextlib.suppress(OSError):  # the line is in the log already
            termination_log.write_text(line)
    return 1


if __name__ == "__main__":
    sys.exit(main())
