"""The loops of a fitted wheel as plain results: what the report's table and chart are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gearwheel.loops.anchors import Anchors, interval
from gearwheel.loops.find import LIMIT, Loop, canonical, find
from gearwheel.loops.gain import gains, polarity
from gearwheel.loops.named import named
from gearwheel.loops.scores import Dominance, dominance, largest, link_scores
from gearwheel.wheel.graph import Graph, graph
from gearwheel.wheel.times import decimal_year

MOMENTS = 12  # at which the strongest-path search looks
OTHERS = 5  # loops without a name that are reported because they carry most


def describe(anchors: Anchors, limit: int = LIMIT) -> dict:
    """`loops` (one dict per named loop) and `loop_count`, ready for results.json.

    Polarity is over all draws and anchors; gain, pace, delay and share_now are those at the last anchor; share is the
    mean over the anchors, share_over_time each of them. Intervals are over the draws.
    """
    wheel = anchors.program.wheel
    whole = graph(wheel)
    links = link_scores(anchors, whole)
    found, complete = find(whole, limit, lambda: _moments(links), anchors.program.stocks)
    own = named(wheel, whole)
    others = largest(found, whole, links, OTHERS, list(own.values()))
    carried = dominance(found, whole, links, [*own.values(), *others])
    times = [round(decimal_year(t, wheel), 6) for t in anchors.times]
    once = list({canonical(loop, whole): i for i, loop in enumerate(own.values()) if carried.inside[i]}.values())
    up = carried.reinforcing - np.maximum(carried.share[once], 0.0).sum(axis=0)
    down = carried.balancing - np.minimum(carried.share[once], 0.0).sum(axis=0)
    return {
        "loops": _rows(anchors, whole, own, carried, times),
        "loop_count": {
            "found": len(found),
            "complete": complete,
            "scored": len({*found, *(canonical(loop, whole) for loop in own.values())}),
            "largest_others": [
                {"links": list(loop), "polarity": polarity(score), "share": interval(share.mean(axis=1))}
                for loop, share, score in zip(others, carried.share[len(own) :], carried.score[len(own) :])
            ],
            "other_reinforcing": {"time": times, "median": _median(np.maximum(up, 0.0))},
            "other_balancing": {"time": times, "median": _median(np.minimum(down, 0.0))},
        },
    }


def _rows(anchors: Anchors, whole: Graph, own: dict[str, Loop], carried: Dominance, times: Sequence[float]) -> list:
    strength = gains(anchors, whole, list(own.values()))
    rows = []
    for i, (name, loop) in enumerate(own.items()):
        share = carried.share[i]
        low, median, high = _quantiles(share)
        rows.append(
            {
                "name": name,
                "title": anchors.program.wheel.loop[name].title,
                "polarity": polarity(strength.product[i]),
                "links": list(loop),
                "gain": interval(strength.gain[i, :, -1]),
                "pace": interval(strength.pace[i, :, -1]),
                "delay": interval(strength.delay[i, :, -1]),
                "share": interval(share.mean(axis=1)),
                "share_now": interval(share[:, -1]),
                "share_over_time": {"time": list(times), "median": median, "low": low, "high": high},
            }
        )
    return rows


def _moments(links: np.ndarray) -> np.ndarray:
    """|link scores| of the median draw at a few of the times, (moments, edges)."""
    some = np.unique(np.linspace(0, links.shape[2] - 1, MOMENTS).astype(int))
    with np.errstate(all="ignore"):
        return np.nanmedian(np.abs(links[:, :, some]), axis=1).T


def _quantiles(values: np.ndarray) -> list[list[float]]:
    """5 %, 50 % and 95 % points over draws at each time."""
    return np.nan_to_num(np.nanquantile(values, [0.05, 0.5, 0.95], axis=0)).tolist()


def _median(values: np.ndarray) -> list[float]:
    return np.nan_to_num(np.nanmedian(values, axis=0)).tolist()
