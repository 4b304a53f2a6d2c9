"""What ``/proc`` says of a process and its children."""

import os
import socket
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def children(pid: int) -> list[int]:
    """Its children, those that ended and were not waited for included."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    """Whether there is such a process and it has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def threads(pid: int) -> int:
    """How many threads it has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def resident_bytes(pid: int) -> int:
    """Its memory, pages that it shares included."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def libraries(pid: int) -> set[str]:
    """The files that it has mapped."""
    lines = (line.split(maxsplit=5) for line in Path(f"/proc/{pid}/maps").read_text().splitlines())
    return {fields[5] for fields in lines if len(fields) == 6}


def connections(pid: int) -> int:
    """How many TCP connections it holds that a client opened."""
    listed = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    listening = {fields[1] for fields in listed if fields[3] == "0A"}
    accepted = {f"socket:[{fields[9]}]" for fields in listed if fields[3] == "01" and fields[1] in listening}
    return sum(target in accepted for target in descriptors(pid))


def inode(opened: socket.socket) -> int:
    """The number by which `descriptors` names it."""
    return os.fstat(opened.fileno()).st_ino


def descriptors(pid: int) -> list[str]:
    """What it has open: files by name, sockets as ``socket:[inode]``."""
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(entry.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    return found
