"""How long a link takes to be felt: the adjustment time of the first stock that its effect moves."""

from __future__ import annotations

from collections import deque

import numpy as np

from gearwheel.loops.anchors import Anchors, cases
from gearwheel.loops.partials import own_decay, partials
from gearwheel.wheel.graph import Graph, graph


def link_delays(anchors: Anchors) -> dict[str, tuple[str, np.ndarray]]:
    """Link → (stock, delay): the first stock downstream of its effect, and 1/decay of that stock, shape (draws,).

    A change of the cause moves the effect at once, and the stock by 1 − 1/e of what it will in the end after this
    time (time units, at the last anchor). NaN where the stock only accumulates; links that no stock answers to are
    left out.
    """
    wheel = anchors.program.wheel
    whole, last = graph(wheel), cases(anchors.at(-1))
    decay = own_decay(last, whole, partials(last, whole))
    place = {name: i for i, name in enumerate(anchors.program.stocks)}
    found = {}
    for name, link in wheel.link.items():
        stock = first_stock(whole, link.effect, place)
        if stock:
            with np.errstate(all="ignore"):
                slow = decay[place[stock]]
                found[name] = stock, np.where(slow > 1e-6 / wheel.dt, 1 / slow, np.nan)
    return found


def first_stock(whole: Graph, effect: str, stocks) -> str | None:
    """The nearest stock from `effect` along the arrows, itself where it is one."""
    following: dict[str, list[str]] = {}
    for cause, other in whole.edges:
        following.setdefault(cause, []).append(other)
    seen, ahead = {effect}, deque([effect])
    while ahead:
        name = ahead.popleft()
        if name in stocks:
            return name
        for other in following.get(name, ()):
            if other not in seen:
                seen.add(other)
                ahead.append(other)
    return None
