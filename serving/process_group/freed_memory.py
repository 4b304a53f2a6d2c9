"""Freed memory is kept for the next large body, instead of given back and asked for anew, page by page.

By default glibc's malloc keeps little more than the largest block that was ever freed, and the kernel has to clear each
page again that it asks for anew: for bodies of 6 MiB that is nearly half of the router's work.
"""

import ctypes

# Their numbers in glibc's malloc.h.
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3

_KEPT_BYTES = 32 * 1024 * 1024
"""Free memory at the end of the heap that a process keeps."""
_BLOCK_BYTES = 8 * 1024 * 1024
"""Blocks up to this size come from the heap: a body of the largest size that is served, and its copies."""


def keep() -> None:
    """Keep what is freed from now on. Without glibc nothing changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _BLOCK_BYTES)
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
