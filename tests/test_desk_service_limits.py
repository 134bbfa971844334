"""What nobody may do to the service: fill its memory or its connections before the token, or hide that its store is gone."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import resource
import socket
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import uvicorn

from desk_requests import request
from gearwheel.desk import service_protocol, service_work
from gearwheel.desk.service_guard import Guard
from gearwheel.desk.service_protocol import MOST_HEAD, MOST_HEADERS, Connections, bounded
from gearwheel.desk.store import StoreError, open_store
from gearwheel.wheel.errors import Problem
from test_desk_service import running
from test_desk_store import ask, work_on


async def says_ok(scope, receive, send):
    """An application that reads its body and answers with how much that was."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = b"%d" % size
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def says_much(scope, receive, send):
    """An application whose answer is more than what the system keeps for a caller who does not read."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"30000000")]})
    await send({"type": "http.response.body", "body": b"a" * 30_000_000})


async def says_key(scope, receive, send):
    """An application that reads its body and answers with the key of the request."""
    while (await receive()).get("more_body"):
        pass
    key = dict(scope["headers"])[b"idempotency-key"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(key))]})
    await send({"type": "http.response.body", "body": key})


async def does_not_read(scope, receive, send):
    """An application that answers before the body is there."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@contextmanager
def served(most: int = 100, app=says_ok):
    """(port, connections) of a bounded server in this process."""
    connections = Connections(most)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=bounded(connections), lifespan="off", ws="none", log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()
    try:
        yield listening.getsockname()[1], connections
    finally:
        server.should_exit = True
        thread.join()


def said(peer: socket.socket) -> bytes:
    """All that is answered until the other side closes."""
    found = b""
    try:
        while part := peer.recv(65_536):
            found += part
    except (ConnectionResetError, TimeoutError):
        pass
    return found


def sent(port: int, *parts: bytes, seconds: float = 10) -> bytes:
    """What is answered to these bytes; the connection may be closed before all are sent."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=seconds)) as peer:
        try:
            for part in parts:
                peer.sendall(part)
        except OSError:
            pass
        return said(peer)


GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
LARGE = {
    "one long value": [GET + b"X: ", *[b"y" * 65_536] * 64],
    "one long name": [GET, *[b"y" * 65_536] * 64],
    "a long address": [b"GET /", *[b"y" * 65_536] * 64],
    "headers without end": [GET, *[b"X-A: b\r\n" * 8_192] * 64],
    "a whole head that is too long": [GET + b"X: " + b"y" * (MOST_HEAD + 1) + b"\r\n\r\n"],
    "many short headers": [GET + b"X: 1\r\n" * (MOST_HEADERS + 1) + b"\r\n"],
    "a second request on the connection": [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", GET, *[b"y" * 65_536] * 64],
}


@pytest.mark.parametrize("parts", LARGE.values(), ids=LARGE)
def test_the_head_of_a_request_is_bounded(parts):
    with served() as (port, connections):
        answer = sent(port, *parts)
        # who is still sending may see no more than a closed connection
        assert b" 431 " in answer or not answer.replace(b"HTTP/1.1 200 OK", b"").strip() or answer.endswith(b"0")
        assert connections.refused["head too large"] == 1
        assert sent(port, GET + b"\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("spare", [0, 1])
def test_a_head_may_be_so_long_and_no_longer(spare):
    lines = b"X: 1\r\n" * (MOST_HEADERS - 2 + spare)
    with served() as (port, _):
        answer = sent(port, GET + lines + b"\r\n")
    status, code = (200, None) if not spare else (431, "GW517")
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert code is None or json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == code


def test_bodies_in_any_pieces_and_requests_in_a_row_are_read_whole():
    with served() as (port, connections):
        body = b"z" * 60_000
        post = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n"
        whole = post + b"\r\n" + body + post + b"Connection: close\r\n\r\n" + body
        assert sent(port, whole).count(b"60000") == 2
        assert sent(port, *[whole[i : i + 997] for i in range(0, len(whole), 997)]).count(b"60000") == 2
        chunks = b"".join(b"1\r\na\r\n" for _ in range(5_000)) + b"0\r\n\r\n"
        chunked = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert sent(port, chunked, chunks).endswith(b"5000")
        assert not connections.refused


def test_trailers_are_bounded_as_headers_are():
    chunked = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    with served() as (port, connections):
        sent(port, chunked, *[b"X: 1\r\n" * 10_000] * 40)
        assert connections.refused["body too large"] == 1


def test_a_trailer_does_not_take_the_place_of_a_header():
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: mine\r\nTransfer-Encoding: chunked\r\n"
    with served(app=says_key) as (port, _):
        answer = sent(port, head + b"Connection: close\r\n\r\n1\r\na\r\n0\r\nIdempotency-Key: another\r\n\r\n")
    assert answer.endswith(b"mine")


@pytest.mark.parametrize("name", ["Host", "Authorization", "Idempotency-Key", "Origin"])
def test_a_header_that_decides_stands_once(name):
    line = f"{name}: localhost\r\n".encode()
    with served() as (port, _):
        answer = sent(port, GET.replace(b"Host: localhost\r\n", b"") + line * 2 + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ") and b"more than once" in answer


def test_what_is_no_http_is_answered_as_json():
    with served() as (port, _):
        answer = sent(port, b"nonsense\r\n\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "GW511"


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nX: a", b"POST / HTTP/1.1\r\nHost: localhost\r\n"])
def test_silent_connections_are_closed(monkeypatch, begun):
    monkeypatch.setattr(service_protocol, "PATIENCE", 0.2)
    with served() as (port, connections):
        assert b" 408 " in sent(port, begun) if begun else True
        with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as peer:
            for _ in range(2):
                peer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                found = b""
                while not found.endswith(b"\r\n\r\n0"):
                    assert (part := peer.recv(1000))
                    found += part
                assert found.startswith(b"HTTP/1.1 200 ")
                time.sleep(0.5)  # idle between two requests is not silent: keep-alive says how long
            peer.sendall(begun or b"G")
            assert b" 408 " in said(peer)
        assert connections.refused["head too late"] >= 1


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(service_protocol, "BODY_PATIENCE", 0.3)
    with served(app=does_not_read) as (port, connections):
        with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as peer:
            peer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
            try:
                for _ in range(100):  # a byte now and then does not hold the connection
                    peer.sendall(b"x")
                    time.sleep(0.1)
            except OSError:
                pass
        assert connections.refused["body too late"] == 1


def test_requests_that_wait_on_one_connection_are_answered_and_bounded():
    get, body = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"z" * 3_000
    post = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000\r\n\r\n" + body
    with served() as (port, connections):
        assert sent(port, get * 1_000 + GET + b"\r\n").count(b"HTTP/1.1 200 ") == 1_001
        assert sent(port, (get + post) * 40 + GET + b"\r\n").count(b"\r\n\r\n3000") == 40
        assert not connections.refused
        assert sent(port, get * 20_000).count(b"HTTP/1.1 200 ") < 20_000
        assert connections.refused["too many at once"] == 1


def test_a_caller_who_does_not_take_the_answer_is_left(monkeypatch):
    monkeypatch.setattr(service_protocol, "TAKING", 0.3)
    with served(app=says_much) as (port, connections):
        peer = socket.create_connection(("127.0.0.1", port), timeout=10)
        peer.sendall(GET + b"\r\n")
        until = time.monotonic() + 10
        while not connections.open.total() and time.monotonic() < until:
            time.sleep(0.01)
        while connections.open.total() and time.monotonic() < until:
            time.sleep(0.05)
        left = not connections.open.total()
        peer.close()
    assert left


def test_one_peer_leaves_room_for_others():
    connections = Connections(10)
    for _ in range(5):
        assert not connections.full("a")
        connections.open["a"] += 1
    assert connections.full("a") and not connections.full("b")
    connections.open.update({"b": 2, "c": 3})
    assert connections.full("d")


def test_connections_beyond_the_limit_are_refused_and_room_comes_back():
    with served(most=6) as (port, connections):
        held = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(3)]
        for peer in held:
            peer.sendall(b"GET / HTTP/1.1\r\n")
        until = time.monotonic() + 10
        while connections.open.total() < 3 and time.monotonic() < until:
            time.sleep(0.01)
        assert b" 503 " in sent(port)
        held.pop().close()
        while connections.open.total() > 2 and time.monotonic() < until:
            time.sleep(0.01)
        assert sent(port, GET + b"\r\n").startswith(b"HTTP/1.1 200 ")
        for peer in held:
            peer.close()


@pytest.mark.parametrize("how", ["removed", "emptied"])
def test_health_says_when_the_store_is_gone(tmp_path, how):
    with running(tmp_path) as desk:
        assert desk.decide(1)[0] == 200 and desk.call("GET", "/healthz")[0] == 200
        for ending in ("", "-wal", "-shm"):
            file = Path(desk.store + ending)
            file.unlink(missing_ok=True)
            if how == "emptied" and not ending:
                file.touch()
        for _ in range(2):  # asked without any caller between
            status, _, body = desk.call("GET", "/healthz")
            assert status == 503 and body["code"] == "GW518"
        assert desk.decide(2)[0] == 503
        assert desk.call("GET", "/healthz")[0] == 503
        assert "gearwheel_desk_store_up 0" in desk.call("GET", "/metrics")[2]


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="this system cannot limit another process's files")
def test_health_says_when_the_disk_is_full_and_when_there_is_room_again(tmp_path):
    with running(tmp_path) as desk:
        assert desk.decide(0)[0] == 200
        room = os.path.getsize(desk.store + "-wal") + 100
        resource.prlimit(desk.process.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        assert desk.decide(1)[0] == 503
        for _ in range(2):
            assert desk.call("GET", "/healthz")[0] == 503
        resource.prlimit(desk.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert desk.call("GET", "/healthz")[0] == 200
        assert desk.decide(1)[0] == 200
        desk.process.terminate()
        log = desk.process.stderr.read()
        assert log.count("nothing is decided") == 1 and log.count("the store is back") == 1


def test_only_a_write_says_that_the_store_can_be_written(tmp_path, monkeypatch, capsys):
    work = work_on(f"sqlite:///{tmp_path}/desk.db")
    (made,) = ask(work, ("a", request(1)))

    def fails(*_) -> None:
        raise StoreError("the disk is full")

    for name in ("insert", "probe"):
        monkeypatch.setattr(work.store, name, fails)
    assert ask(work, ("b", request(2)))[0].code == "GW518"
    assert ask(work, (made["decision_id"], {}), kind="look")[0]["answer"] == made
    assert ask(work, ("a", request(1))) == [made]  # known already, so nothing was written
    assert work.failing == "the disk is full"
    assert ask(work, ("", {}), kind="probe")[0].code == "GW518"
    monkeypatch.undo()
    assert ask(work, ("", {}), kind="probe") == [{"status": "ok"}] and not work.failing
    assert capsys.readouterr().err.count("\n") == 2


def test_a_decision_from_the_future_stops_the_desk_until_the_clock_is_right(tmp_path, monkeypatch):
    url, real = f"sqlite:///{tmp_path}/desk.db", time.time
    work = work_on(url)
    (first,) = ask(work, ("a", request(1)))
    monkeypatch.setattr(service_work.time, "time", lambda: real() + 250)  # as far as clocks may differ
    ask(work, ("b", request(2)))
    monkeypatch.undo()
    assert not isinstance(ask(work, ("c", request(3)))[0], Problem)
    monkeypatch.setattr(service_work.time, "time", lambda: real() + 3 * 365 * 86_400)
    ask(work_on(url), ("d", request(4)))
    monkeypatch.undo()
    (refused,) = ask(work, ("e", request(5)))  # another desk on the same store, whose clock is right
    assert refused.code == "GW518" and "1,095 days after this machine's clock" in refused.message
    with pytest.raises(StoreError, match="after this machine's clock"):
        work_on(url)
    assert open_store(url).end("decisions")[0] == 4  # nothing was recorded
    monkeypatch.setattr(service_work.time, "time", lambda: real() + 3 * 365 * 86_400)
    assert not isinstance(ask(work, ("e", request(5)))[0], Problem)


def test_a_writer_that_takes_its_time_is_waited_for(tmp_path):
    url = f"sqlite:///{tmp_path}/desk.db"
    work, other = work_on(url), open_store(url)
    begun, over = threading.Event(), threading.Event()

    def hold() -> None:
        with other.transaction():
            begun.set()
            over.wait(3)
        other.close()

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait(10)
    (made,) = ask(work, ("k", request(1)))
    thread.join()
    assert not isinstance(made, Problem)


def test_the_store_is_its_owners_alone(tmp_path):
    before = os.umask(0o022)
    try:
        work = work_on(f"sqlite:///{tmp_path}/desk.db")
        ask(work, ("k", request(1)))
        files = [file for file in tmp_path.iterdir() if file.name.startswith("desk.db")]
        assert len(files) >= 3 and all(file.stat().st_mode & 0o077 == 0 for file in files)
    finally:
        os.umask(before)


def test_heads_are_answered_as_gets_and_other_methods_are_told_what_is_allowed(tmp_path):
    with running(tmp_path) as desk:
        connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=20)
        connection.request("HEAD", "/healthz")
        answer = connection.getresponse()
        assert answer.status == 200 and int(answer.headers["content-length"]) > 0 and answer.read() == b""
        connection.close()
        for method, path, allowed in (("GET", "/v1/returns", "POST"), ("POST", "/healthz", "GET, HEAD")):
            status, headers, _ = desk.call(method, path)
            assert status == 405 and headers["allow"] == allowed


def test_the_scheme_of_a_token_is_read_in_any_case(tmp_path):
    with running(tmp_path, token="hush hush") as desk:
        for scheme, status in (("Bearer", 200), ("bearer", 200), ("BEARER", 200), ("Basic", 401), ("", 401)):
            assert desk.call("GET", "/metrics", Authorization=f"{scheme} hush hush")[0] == status


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:8000", "[::1]", "[::1]:8000", "localhost:"])
def test_the_desk_is_asked_under_its_own_names(host):
    assert Guard().refuses({b"host": host.encode()}, "", 0.0, False) is None


@pytest.mark.parametrize(
    "host", ["", "localhost:evil", "[::1", "[::1]evil", "::1", "localhost@evil", "localhost:80:80", "localhost evil"]
)
def test_what_is_no_host_is_not_taken_for_one(host):
    status, problem = Guard().refuses({b"host": host.encode()}, "", 0.0, False)
    assert (status, problem.code) == (403, "GW523")


def test_hostile_bytes_leave_nothing_on_stderr(tmp_path):
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    with running(tmp_path) as desk:
        sent(desk.port, b"nonsense\r\n\r\n")
        assert b" 200 " in sent(desk.port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + upgrade, seconds=1)
        desk.process.terminate()
        assert desk.process.stderr.read() == ""
