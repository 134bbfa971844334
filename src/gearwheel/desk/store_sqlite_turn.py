"""Whose turn it is to write to an SQLite file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # a system without it: who waits for the database may be overtaken
    fcntl = None


def no_turns(path: str) -> None:
    """Leave no file of ours behind; who waits at it now may be overtaken once."""
    with contextlib.suppress(OSError):
        os.unlink(f"{path}-turn")


@contextlib.contextmanager
def turn(path: str) -> Iterator[None]:
    """Wait for one's turn to ask for the database's lock. Who waits for that lock looks only ten times a second, and a
    batch that takes it again at once would never let them in: now it has to wait until they have it."""
    try:
        file = os.open(f"{path}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) if fcntl else -1
    except OSError:  # a folder in which nothing can be made: the database will say so
        file = -1
    try:
        if file >= 0:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        if file >= 0:
            os.close(file)  # and let the next one take its turn
