"""What is mounted on this machine below folders of ours, and how it is taken away."""

import contextlib
from pathlib import Path

from tests.cluster import commands, errors


def below(*folders: Path) -> list[str]:
    """Mount points, innermost first."""
    places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    ours = tuple(f"{folder}/" for folder in folders)
    return [place for place in reversed(places) if place.startswith(ours)]


def remove(*folders: Path) -> None:
    """Unmount all that is below; what is still in use goes when its users do."""
    for place in below(*folders):
        with contextlib.suppress(errors.HarnessError):
            commands.run(["umount", place])
    for place in below(*folders):
        commands.run(["umount", "--lazy", place])
