"""Command line of the demo: `python -m tests.demo`, and what the Makefile calls."""

import subprocess
import sys

import typer
from rich.console import Console

import tests.cluster
from tests.cluster import HarnessError
from tests.demo import install, story

app = typer.Typer(
    help="Two models behind one endpoint on a real cluster: run the story, or clean up after it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run() -> None:
    """Deploy two churn models behind one endpoint, shift traffic between them, write a report."""
    console = Console()
    console.width = max(console.width, 110)  # the tables hold pods' names
    story.tell(tests.cluster.ensure_up(), print, console)


@app.command()
def clean() -> None:
    """Remove the operator and the demo's namespace; the custom resource definitions stay."""
    cluster = tests.cluster.ensure_up()
    install.remove_operator(cluster)
    install.remove_namespace(cluster, story.NAMESPACE)


def main() -> None:
    """Exit status 0, 2 for a command that there is not, or 1 with a line that says what went wrong."""
    try:
        app()
    except (HarnessError, subprocess.CalledProcessError, TimeoutError) as exc:
        print(f"demo: {exc}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
