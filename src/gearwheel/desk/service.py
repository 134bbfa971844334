"""Run the desk as a service until it is told to stop."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import uvicorn
from threadpoolctl import threadpool_limits

from gearwheel.desk.opened import Papers
from gearwheel.desk.service_app import App
from gearwheel.desk.service_guard import LOOPBACK, Guard
from gearwheel.desk.service_protocol import Connections, bounded
from gearwheel.desk.service_work import open_work
from gearwheel.desk.store import Store
from gearwheel.wheel.errors import DeskError, Problem

SWITCH = 0.0005  # seconds after which a thread lets the other one run: short beside a commit
BACKLOG = 1024  # connections that wait to be taken
GARBAGE = 50_000  # objects after which garbage is collected
STOPPING = 10  # seconds for what was begun, and for working the write-ahead log into the store's file
KEEP_ALIVE = 75  # seconds that an idle connection stays open
MOST_CONNECTIONS = 4096
OTHER_FILES = 64  # of the process's open files, that are no connections


def serve(
    papers: Papers,
    store: Store,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str = "",
    rate: float = 0.0,
    started: Callable[[str], None] = lambda address: None,
) -> None:
    """Answer at `host`:`port` (0: any free one) until SIGTERM or SIGINT; `started` is told the address. Raises DeskError
    where the store cannot be used (GW518), the port is taken (GW523), or others could ask without a token (GW523)."""
    if host not in LOOPBACK and not token:
        hint = "Give it one with --token-file, or in the variable GEARWHEEL_DESK_TOKEN."
        raise DeskError(Problem("GW523", f"at {host} others can reach the desk, and it has no token", hint=hint))
    desk = papers.desk(store.found(papers.operation.name))
    work = open_work(desk, papers.customers, store, papers.known.text)
    listening = _listen(host, port)
    hosts = LOOPBACK if host in LOOPBACK else ()
    connections = Connections(_most_connections())
    app = App(work, Guard(hosts, token.encode(), rate), connections.refused)
    config = uvicorn.Config(
        app, http=bounded(connections), loop="auto", lifespan="off", ws="none", log_level="error", access_log=False,
        server_header=False, proxy_headers=False, date_header=False, timeout_keep_alive=KEEP_ALIVE, timeout_graceful_shutdown=STOPPING,
    )  # fmt: skip
    sys.setswitchinterval(SWITCH)
    gc.collect()
    gc.freeze()  # what is there now stays: looking through it again and again would make some answers slow
    gc.set_threshold(GARBAGE)
    threadpool_limits(1, "blas")  # products of a few requests are too small to be shared out
    work.start()
    shown = f"[{host}]" if ":" in host else host
    server = _Server(config)
    with _stopped_by_signals(server):
        try:
            started(f"http://{shown}:{listening.getsockname()[1]}")
            server.run(sockets=[listening])
        finally:
            work.stop()
            work.join(STOPPING)


class _Server(uvicorn.Server):
    """Leaves signals alone: uvicorn raises one again when it is done, and SIGTERM would then end the process before the
    store is closed."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


@contextlib.contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """SIGTERM and SIGINT ask the server to end; a second SIGINT does not wait for open connections."""
    signals = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, server.handle_exit) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _most_connections() -> int:
    """As many as the process may open files for."""
    try:
        import resource
    except ImportError:  # a system without it
        return MOST_CONNECTIONS
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(1, min(MOST_CONNECTIONS, allowed - OTHER_FILES))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)  # who asks from here on is heard
    except OSError as error:
        listening.close()
        hint = "Give another one with --port; 0 takes any free one."
        raise DeskError(Problem("GW523", f"cannot answer at {host}:{port}: {error.strerror}", hint=hint)) from error
    return listening
