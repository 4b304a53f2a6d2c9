"""Command line of the test cluster: `python -m tests.cluster`, and what the Makefile calls."""

import sys
from typing import Annotated

import typer

from tests.cluster import access, control, errors, images, layout, lifecycle, pins, progress, tools

app = typer.Typer(
    help="A real single-node Kubernetes for tests and the demo, in its own network namespace.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_Component = Annotated[str, typer.Argument(help="kube-apiserver, kubelet, etcd, …")]


@app.command("tools")
def build_tools(
    only: Annotated[list[str] | None, typer.Option(help=f"One of: {', '.join(tools.NAMES)}")] = None,
) -> None:
    """Build the cluster's programs, those that the cache lacks."""
    tools.install(tuple(only) if only else tools.NAMES)


@app.command()
def pin() -> None:
    """Write the Go module of the cluster's programs anew, after a change of versions.py."""
    pins.write()


@app.command()
def up() -> None:
    """Start the cluster, or mend it, and print how to use it."""
    cluster = access.ensure_up()
    if not cluster.is_ours:
        progress.tell(f"KUBECONFIG is set: using your cluster ({cluster.kubeconfig})")
    print(f"export KUBECONFIG={cluster.kubeconfig}")
    print(f"export PATH={layout.current().binaries}:$PATH")


@app.command("images")
def provide_images(
    only: Annotated[
        list[str] | None, typer.Option(help=f"One of: {', '.join(image.name for image in images.ALL)}")
    ] = None,
) -> None:
    """Build the images that changed and bring them to the cluster."""
    images.provide(only or ())


@app.command()
def down() -> None:
    """End the cluster and leave nothing of it; built programs and images stay in the cache."""
    lifecycle.down(layout.current())


@app.command()
def status() -> None:
    """Say which components run; status 1 if not all do."""
    current = layout.current()
    for line in lifecycle.describe(current):
        print(line)
    if not lifecycle.is_ready(current):
        raise typer.Exit(1)


@app.command("stop-component")
def stop_component(name: _Component) -> None:
    """End one component, to see what happens without it."""
    control.stop(name)


@app.command("start-component")
def start_component(name: _Component) -> None:
    """Start one component again."""
    control.start(name)


def main() -> None:
    try:
        app()
    except errors.HarnessError as failure:
        progress.console.print("error:", style="red", end=" ")
        # The message may hold brackets, which are no markup.
        progress.console.print(str(failure), markup=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
