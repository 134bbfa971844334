"""HTTP connections with bounds: how large a request may be, how long it and its answer may take, how many requests of a
connection may wait, and how many connections there may be.

uvicorn bounds none of these with httptools, and what arrives before the head is whole arrives before anybody has asked
for a token.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from http import HTTPStatus

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gearwheel.wheel.errors import Problem

MOST_HEAD = 32_768  # bytes of a request's first line and headers
MOST_HEADERS = 100
MOST_MESSAGE = 1 << 20  # bytes of a whole request; the application reads 64 KiB of its body
PATIENCE = 10.0  # seconds for the head of a request, from the connection or from its first byte
BODY_PATIENCE = 20.0  # seconds for a body that the application does not wait for, or no longer
MOST_WAITING = 32  # requests of one connection that are read before the first of them is answered
MOST_HELD = 131_072  # bytes that wait behind them: an object for each request would take far more
PIECE = 1_024  # bytes of heads that are read at once
TAKING = 60.0  # seconds for a caller to take what was sent
SINGLE = (b"host", b"authorization", b"idempotency-key", b"origin", b"content-length")


class Connections:
    """How many there are, in all and of one peer, and how often one was refused, by reason. A peer may hold half of them:
    nobody shuts the others out alone."""

    def __init__(self, most: int):
        self.most = most
        self.open: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def full(self, peer: str) -> bool:
        return self.open.total() >= self.most or self.open[peer] >= max(self.most // 2, 1)


def bounded(connections: Connections) -> type[HttpToolsProtocol]:
    """A protocol class for uvicorn whose connections are counted in `connections`."""

    class Bounded(HttpToolsProtocol):
        _peer: str | None = None  # "" where there is no address; None before the connection is counted
        _timer: asyncio.TimerHandle | None = None
        _taking: asyncio.TimerHandle | None = None
        _held = b""  # what is read once a request before it is answered
        _in_head = True
        _read = 0  # bytes since the request began

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            transport.set_write_buffer_limits(0)  # so that every byte that the caller does not take is noticed
            peer = self.client[0] if self.client else ""
            if connections.full(peer):
                self._refuse(503, "too many connections", Problem("GW524", "too many connections"))
                return
            self._peer = peer
            connections.open[peer] += 1
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            if self._peer is not None:
                connections.open[self._peer] -= 1
                if not connections.open[self._peer]:
                    del connections.open[self._peer]
                self._peer = None
            self._waited()
            self._taken()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._taking = self.loop.call_later(TAKING, self.transport.abort)

        def resume_writing(self) -> None:
            self._taken()
            super().resume_writing()

        def _taken(self) -> None:
            if self._taking is not None:
                self._taking.cancel()
                self._taking = None

        def data_received(self, data: bytes) -> None:
            data, self._held, at = self._held + data, b"", 0
            while at < len(data) and not self.transport.is_closing():
                if len(self.pipeline) >= MOST_WAITING:
                    self._hold(data[at:])
                    return
                room = (MOST_HEAD if self._in_head else MOST_MESSAGE) - self._read
                if room <= 0:
                    self._too_large()
                    return
                piece = data[at : at + (min(room, PIECE) if self._in_head else room)]
                at += len(piece)
                self._read += len(piece)
                super().data_received(piece)

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self._held:
                self.data_received(b"")

        def _hold(self, data: bytes) -> None:
            self._held = data
            self.flow.pause_reading()
            if len(data) > MOST_HELD:
                self._refuse(429, "too many at once", Problem("GW524", "too many requests wait on one connection"))

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._in_head = True
            self._wait()

        def on_header(self, name: bytes, value: bytes) -> None:
            if not self._in_head:  # a trailer: it would take the place of a header that was looked at
                return
            super().on_header(name, value)
            if len(self.headers) > MOST_HEADERS:
                self._too_large()
                raise httptools.HttpParserError("too many headers")

        def on_headers_complete(self) -> None:
            self._waited()
            names = Counter(name for name, _ in self.headers)
            if sum(len(name) + len(value) for name, value in self.headers) + len(self.url) > MOST_HEAD:
                self._too_large()
            elif twice := [name.decode() for name in SINGLE if names[name] > 1]:
                said = f"the header {twice[0]} stands more than once"
                self._refuse(400, "bad request", Problem("GW511", said))
            if self.transport.is_closing():
                raise httptools.HttpParserError("refused")
            self._in_head = False
            self._wait(BODY_PATIENCE, "body too late")
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self._waited()
            super().on_message_complete()
            self._in_head, self._read = True, 0

        def send_400_response(self, msg: str) -> None:
            if not self.transport.is_closing():
                self._refuse(400, "bad request", Problem("GW511", "this is no HTTP request that can be read"))

        def _wait(self, seconds: float | None = None, reason: str = "head too late") -> None:
            """For the head of a request, or for the rest of it."""
            if self._timer is None:
                self._timer = self.loop.call_later(PATIENCE if seconds is None else seconds, self._late, reason)

        def _waited(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _late(self, reason: str) -> None:
            self._timer = None
            self._refuse(408, reason, Problem("GW511", "the request did not arrive in time"))

        def _too_large(self) -> None:
            if self._in_head:
                said = f"the head of a request is at most {MOST_HEAD:,} bytes and {MOST_HEADERS} headers"
                self._refuse(431, "head too large", Problem("GW517", said))
            else:
                self._refuse(413, "body too large", Problem("GW517", f"a request is at most {MOST_MESSAGE:,} bytes"))

        def _refuse(self, status: int, reason: str, problem: Problem) -> None:
            """Answer without the application, and close."""
            connections.refused[reason] += 1
            self._waited()
            if self.cycle is None or self.cycle.response_complete:  # else another answer is on its way
                body = msgspec.json.encode({"code": problem.code, "message": problem.message, "hint": problem.hint})
                head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
                head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
                self.transport.write(head.encode() + body)
            self.transport.close()

    return Bounded
