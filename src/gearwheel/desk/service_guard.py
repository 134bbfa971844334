"""Who may ask, and how often: host, origin, token, rate."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gearwheel.wheel.errors import Problem

LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]/@\s]+))(?::[0-9]{0,5})?")
MOST_PEERS = 10_000  # whose rate is remembered


@dataclass
class Guard:
    """`hosts`: names under which the desk may be asked, any where empty; `token`: what a caller has to know, b"" for
    nothing; `rate`: requests a second of one peer, 0 for no limit, with twice as many at once."""

    hosts: tuple[str, ...] = LOOPBACK
    token: bytes = field(default=b"", repr=False)
    rate: float = 0.0
    _peers: dict[str, tuple[float, float]] = field(default_factory=dict, repr=False)

    def refuses(self, headers: Mapping[bytes, bytes], peer: str, now: float, open_: bool) -> tuple[int, Problem] | None:
        """(status, problem), or None for who may ask; `open_` paths need no token. A page of another site (Origin, or
        Host after DNS rebinding) may not ask. `now` in seconds of a clock that never falls."""
        host = headers.get(b"host", b"").decode("latin-1")
        if self.hosts and hostname(host) not in self.hosts:
            return 403, Problem("GW523", "the desk is not asked under this Host", hint=f"Use {self.hosts[0]}.")
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").partition("://")[2] != host:
            return 403, Problem("GW523", "pages of other sites may not ask the desk")
        if self.rate and not open_ and not self._may(peer, now):  # before the token: guesses count too
            return 429, Problem("GW524", f"more than {self.rate:g} requests a second", hint="Wait, then send it again.")
        if self.token and not open_:
            scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
            if not hmac.compare_digest(given.strip(), self.token) or scheme.lower() != b"bearer":
                hint = "Send the header Authorization: Bearer TOKEN."
                return 401, Problem("GW523", "the desk needs its token", hint=hint)
        return None

    def _may(self, peer: str, now: float) -> bool:
        """Token bucket."""
        if peer not in self._peers and len(self._peers) >= MOST_PEERS:
            self._peers.clear()
        burst = max(2 * self.rate, 1.0)
        left, at = self._peers.get(peer, (burst, now))
        left = min(left + (now - at) * self.rate, burst)
        self._peers[peer] = (left - 1 if left >= 1 else left, now)
        return left >= 1


def hostname(host: str) -> str:
    """Of a Host header, without its port; "" where it is not of that form."""
    read = HOST.fullmatch(host)
    return (read[1] or read[2]).lower() if read else ""
