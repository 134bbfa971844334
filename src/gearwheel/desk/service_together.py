"""Requests that arrive together are handed to the deciding thread together: one transaction, one flush of the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from gearwheel.desk.service_work import Job, Reply, Work

MOST_AT_ONCE = 256  # requests of one transaction
MOST_WAITING = 4096  # then the desk says that it is busy
LINGER = 0.002  # seconds to wait for as many as came together last time


class Together:
    """On the event loop's side of the deciding thread. While that works, what arrives is gathered; then it is handed
    over as soon as as many have come as the last time, or after LINGER. Who asks alone never waits."""

    def __init__(self, work: Work):
        self.work = work
        self.gathered: list[Job] = []
        self.ready: list[tuple[asyncio.Future, Reply]] = []
        self.busy, self.last = False, 1
        self.timer: asyncio.TimerHandle | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        work.flush = self._flush

    @property
    def waiting(self) -> int:
        """Requests not yet handed over."""
        return len(self.gathered)

    async def ask(self, kind: str, key: str, row: Mapping) -> Reply | None:
        """The answer, or None where too many wait."""
        if self.waiting >= MOST_WAITING:
            return None
        self.loop = self.loop or asyncio.get_running_loop()
        future = self.loop.create_future()
        self.gathered.append(Job(kind, key, row, lambda reply: self.ready.append((future, reply))))
        self._consider()
        return await future

    def _consider(self) -> None:
        if self.busy or not self.gathered:
            return
        if len(self.gathered) >= min(self.last, MOST_AT_ONCE):
            self._hand_over()
        elif self.timer is None:
            self.timer = self.loop.call_later(LINGER, self._hand_over)

    def _hand_over(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.gathered and not self.busy:
            jobs, self.gathered = self.gathered[:MOST_AT_ONCE], self.gathered[MOST_AT_ONCE:]
            self.busy, self.last = True, len(jobs)
            self.work.hand(jobs)

    def _flush(self) -> None:
        """From the deciding thread: its jobs are done."""
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        ready, self.ready, self.busy = self.ready, [], False
        for future, reply in ready:
            if not future.done():  # its caller may have gone
                future.set_result(reply)
        self._consider()
