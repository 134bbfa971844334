"""The desk over HTTP: an ASGI application that reads a request, hands it to the deciding thread and sends the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from gearwheel.desk.openapi import openapi
from gearwheel.desk.record import recordable
from gearwheel.desk.service_guard import Guard
from gearwheel.desk.service_metrics import Metrics
from gearwheel.desk.service_together import Together
from gearwheel.desk.service_work import Reply, Work
from gearwheel.wheel.errors import Problem

MOST_BYTES = 65_536  # of a body
PATIENCE = 10.0  # seconds to wait for the whole of a body
LONGEST_KEY = 200
STATUS = {
    "GW516": 409,
    "GW517": 413,
    "GW518": 503,
    "GW519": 500,
    "GW522": 404,
    "GW525": 500,
}  # all other faults of a request: 422
JSON, TEXT = b"application/json", b"text/plain; version=0.0.4; charset=utf-8"
OPEN = ("/healthz",)  # paths that need no token
DECISIONS = "/v1/decisions/"
UNNAMED = "/v1/unnamed"
GETS = ("/healthz", "/metrics", "/openapi.json", UNNAMED)


class Refused(Exception):
    """An answer other than what was asked for."""

    def __init__(self, status: int, problem: Problem):
        self.status, self.problem = status, problem


class App:
    """Everything is JSON; what cannot be answered is {code, message, hint} with a status of 400 or more."""

    def __init__(self, work: Work, guard: Guard, refused: Mapping[str, int] = MappingProxyType({})):
        """`refused`: connections closed before their request was whole, by reason."""
        self.work, self.guard, self.metrics, self.refused = work, guard, Metrics(), refused
        self.asks = f"/v1/{work.desk.operation.name}"
        self.described = msgspec.json.encode(openapi(work.desk.operation, work.desk.policy))
        self.together = Together(work)
        self.metrics.unnamed = work.unnamed

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http":
            return
        start, headers, close, more = time.perf_counter(), dict(scope["headers"]), False, []
        route, what = scope["path"], JSON
        try:
            self._admit(scope, headers)
            route, status, body, what = await self._route(scope, headers, receive)
        except Refused as refused:
            status, body = refused.status, told(refused.problem)
            route = route if route in (*GETS, self.asks, "/v1/outcomes") else "other"
            close = status in (401, 403, 413, 408, 429)  # whoever sends on is not read
            if status == 405:
                allowed = b"POST" if scope["path"] in (self.asks, "/v1/outcomes") else b"GET, HEAD"
                more = [(b"allow", allowed)]
        sent = [(b"content-type", what), (b"content-length", b"%d" % len(body)), *more]
        if close:
            sent.append((b"connection", b"close"))
        if status in (429, 503):
            sent.append((b"retry-after", b"1"))
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": body})
        self.metrics.note(route, status, time.perf_counter() - start)

    def _admit(self, scope: dict, headers: Mapping[bytes, bytes]) -> None:
        peer = (scope.get("client") or ("",))[0]
        refusal = self.guard.refuses(headers, peer, time.monotonic(), scope["path"] in OPEN)
        if refusal:
            raise Refused(*refusal)

    async def _route(
        self, scope: dict, headers: Mapping[bytes, bytes], receive: Callable
    ) -> tuple[str, int, bytes, bytes]:
        """(route as counted, status, body, its type)."""
        path, method = scope["path"], scope["method"]
        if path in (self.asks, "/v1/outcomes"):
            _only("POST", method)
            key = _key(headers)
            row = await _row(headers, receive)
            reply = await self._ask("decide" if path == self.asks else "tell", key, row)
            return path, *_answered(reply), JSON
        if not path.startswith(DECISIONS) and path not in GETS:
            raise Refused(404, Problem("GW522", f"there is no {path[:60]}", hint="/openapi.json says what there is."))
        _only("GET", method)
        if path.startswith(DECISIONS):
            reply = await self._ask("look", path.removeprefix(DECISIONS)[:LONGEST_KEY], {})
            return DECISIONS + "{id}", *_answered(reply), JSON
        if path == UNNAMED:
            return path, 200, msgspec.json.encode(self.work.unnamed.listed()), JSON
        if path == "/healthz":
            return path, *await self._health(), JSON
        if path == "/metrics":
            work = self.work
            counted = (work.actions, work.batches, self.together.waiting, not work.failing, self.refused)
            said = self.metrics.text(*counted)
            return path, 200, said.encode(), TEXT
        return path, 200, self.described, JSON

    async def _ask(self, kind: str, key: str, row: Mapping) -> Reply:
        """Have the deciding thread do it."""
        reply = await self.together.ask(kind, key, row)
        if reply is None:
            raise Refused(503, Problem("GW524", "too many requests wait", hint="Send it again in a moment."))
        return reply

    async def _health(self) -> tuple[int, bytes]:
        """Whether the store can be read now and, where the last write failed, whether it can be written again."""
        reply = await self._ask("probe", "", {})
        return (503, told(reply)) if isinstance(reply, Problem) else (200, reply)


def told(problem: Problem) -> bytes:
    """A problem as the service says it."""
    return msgspec.json.encode({"code": problem.code, "message": problem.message, "hint": problem.hint})


def _answered(reply: Reply) -> tuple[int, bytes]:
    if isinstance(reply, Problem):
        return STATUS.get(reply.code, 422), told(reply)
    return 200, reply


def _only(wanted: str, method: str) -> None:
    if method != wanted and (wanted, method) != ("GET", "HEAD"):
        raise Refused(405, Problem("GW522", f"this is asked with {wanted}, not {method[:10]}"))


def _key(headers: Mapping[bytes, bytes]) -> str:
    key = headers.get(b"idempotency-key", b"").decode("latin-1").strip()
    if not key:
        hint = "A key of your own for each request; the same request, sent again with it, gets the same answer."
        raise Refused(400, Problem("GW510", "the header Idempotency-Key is missing", hint=hint))
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Refused(400, Problem("GW511", f"an Idempotency-Key is at most {LONGEST_KEY} plain characters"))
    return key


async def _row(headers: Mapping[bytes, bytes], receive: Callable) -> dict:
    """The body as a JSON object."""
    body = await _body(headers, receive)
    try:
        row = msgspec.json.decode(body)
        if isinstance(row, dict):
            recordable(row)
            return row
        said = "the body is not a JSON object"
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError, UnicodeError) as error:
        said = f"the body is not JSON that the desk can read: {str(error)[:120]}"
    raise Refused(400, Problem("GW511", said))


async def _body(headers: Mapping[bytes, bytes], receive: Callable) -> bytes:
    """At most MOST_BYTES; what is announced as longer is not read at all."""
    large = Problem("GW517", f"the body is larger than {MOST_BYTES:,} bytes")
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > MOST_BYTES:
        raise Refused(413, large)
    body, more = b"", True
    try:
        async with asyncio.timeout(PATIENCE):
            while more and len(body) <= MOST_BYTES:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
    except TimeoutError:
        raise Refused(408, Problem("GW511", f"the body did not arrive within {PATIENCE:g} seconds")) from None
    if len(body) > MOST_BYTES:
        raise Refused(413, large)
    return body
