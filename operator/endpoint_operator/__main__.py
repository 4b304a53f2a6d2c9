"""``endpoint-operator``: reads the settings, then runs the operator until it is told to stop."""

from endpoint_operator import settings
from process_group import starting


def main() -> None:
    """The console script."""
    starting.end_when_told()
    chosen = settings.read_or_exit()
    # Only now: it takes a second, in which --help, a wrong setting and an end that is asked for need not wait.
    import prometheus_client
    import uvloop

    from endpoint_operator import app
    from endpoint_operator.handlers import logs

    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
    logs.configure(form=chosen.log_format, level=chosen.log_level)
    raise SystemExit(uvloop.run(app.serve(chosen)))


if __name__ == "__main__":
    main()
