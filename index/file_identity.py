"""Whether a file is as it was when it was last read, without reading it."""

from __future__ import annotations

import os
import time

# Most file systems count time in steps of 10 ms or less; what stands at a whole second is perhaps
# on one that counts seconds (ext3, HFS+), or two (FAT).
_SETTLED_NS, _SETTLED_WHOLE_NS = 100_000_000, 3_000_000_000
_SECOND_NS = 1_000_000_000

Identity = tuple[int, ...]


def settled_identity(stat: os.stat_result) -> Identity | None:
    """What changes when a file is written, replaced or renamed; ask before it is read.

    None for one that was written just now. It may be written again before the clock of its file
    system ticks, and would look the same. What writes through mapped memory may escape it, and so
    may, on a network file system, another machine's change for as long as the client keeps what it
    knows of the file.
    """
    whole = stat.st_mtime_ns % _SECOND_NS == 0
    settled = _SETTLED_WHOLE_NS if whole else _SETTLED_NS
    if time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) < settled:
        return None
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
