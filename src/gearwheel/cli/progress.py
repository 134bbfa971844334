"""Progress of long jobs on standard error, and a clean stop on Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

BAR = 24


class Progress:
    """Called with (stage, done, total, note). On a terminal one line that redraws itself, with the time that the
    stage may still take; elsewhere one line a stage. Raises Cancelled once the user has asked to stop."""

    def __init__(self, stream=None, clock=time.monotonic):
        self.stream = stream or sys.stderr
        self.clock = clock
        self.live = self.stream.isatty()
        self.stage = ""
        self.since = 0.0
        self.drawn = 0
        self.stopped = False

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        from gearwheel.wheel.errors import Cancelled

        if self.stopped:
            raise Cancelled("stopped by the user")
        if stage != self.stage:
            self.stage, self.since = stage, self.clock()
            if not self.live and done < max(total, 1):  # a stage that is over when first heard of is no news
                print(f"{stage} …", file=self.stream, flush=True)
        if self.live:
            self._draw(self._line(done, total, note))

    def finish(self) -> None:
        if self.live and self.drawn:
            self._draw("")
            print("\r", end="", file=self.stream, flush=True)

    def _line(self, done: int, total: int, note: str) -> str:
        share = min(1.0, done / total) if total > 0 else 0.0
        filled = round(BAR * share)
        spent = self.clock() - self.since
        left = f"{_duration(spent * (1 - share) / share)} left" if share > 0 else f"{_duration(spent)} so far"
        return f"{self.stage:<12} [{'#' * filled}{'.' * (BAR - filled)}] {done}/{total}  {left}  {note}"

    def _draw(self, line: str) -> None:
        import shutil

        line = line[: shutil.get_terminal_size().columns - 1]
        print(f"\r{line:<{self.drawn}}", end="", file=self.stream, flush=True)
        self.drawn = len(line)

    def stop(self, *_) -> None:
        """First request: at the next report of progress. Second: at once."""
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True
        print("\nstopping … (Ctrl-C again to stop at once)", file=self.stream, flush=True)


@contextmanager
def progress() -> Iterator[Progress]:
    """A `Progress` that listens to Ctrl-C while the block runs."""
    shown = Progress()
    mine = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, shown.stop) if mine else None
    try:
        yield shown
    finally:
        if mine:
            signal.signal(signal.SIGINT, before)
        shown.finish()


def _duration(seconds: float) -> str:
    seconds = round(seconds)
    return f"{seconds} s" if seconds < 100 else f"{seconds // 60} min {seconds % 60:02d} s"
