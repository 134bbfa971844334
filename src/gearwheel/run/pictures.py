"""The causal graph as plain results, with polarities measured and not declared: what a picture is drawn from."""

from __future__ import annotations

import numpy as np

from gearwheel.spin.levers import history
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.graph import graph, parse_name
from gearwheel.wheel.parts import Link, Wheel
from gearwheel.wheel.times import elapsed, per_year
from gearwheel.wheel.tree import names

LABELS = {"climate": "demand climate", "cumulative": "cumulative units", "enrolled": "enrolled sellers"}


def graph_of(wheel: Wheel, anchors=None) -> dict:
    """Nodes and edges of results.json. An edge's polarity is the sign of its partial derivative at the last anchor (or
    at the start), "?" where draws disagree or nothing flows."""
    from gearwheel.loops.anchors import cases
    from gearwheel.loops.partials import partials

    whole = graph(wheel)
    last = (anchors or central_anchors(wheel)).at(-1)
    with np.errstate(all="ignore"):
        slopes = partials(cases(last), whole)
    links = {(link.cause, link.effect): name for name, link in wheel.link.items()}
    adjusting = {f for s in wheel.stock.values() for f in (*s.inflows, *s.outflows)}
    edges = []
    for i, (cause, effect) in enumerate(whole.edges):
        edges.append(
            {
                "from": cause,
                "to": effect,
                "polarity": _sign(np.asarray(slopes[i])),
                "delay": cause in adjusting and effect in wheel.stock,
                "link": links.get((cause, effect)),
            }
        )
    return {"nodes": {n: _node(wheel, n) for n in whole.nodes}, "edges": edges}


def central_anchors(wheel: Wheel):
    """One noise-free run with beliefs at their centre, until a year after the last gear has opened."""
    from gearwheel.loops.anchors import along

    program, paths = build(wheel), history(wheel)
    opened = max((elapsed(day, wheel) for day in wheel.opens.values()), default=0.0)
    steps = max(2, round((max(opened, 0.0) + per_year(wheel)) / wheel.dt))
    return along(program, spin(program, {}, steps, paths=paths), {}, paths)


def _sign(slope: np.ndarray) -> str:
    slope = slope[np.isfinite(slope)]
    if not slope.size or not np.any(slope):
        return "?"
    up = float((slope > 0).mean())
    return "+" if up >= 0.9 else "-" if up <= 0.1 else "?"


def _node(wheel: Wheel, name: str) -> dict:
    kind = "stock" if name in wheel.stock else "flow" if name in wheel.flow else "aux"
    gear, _, local = name.rpartition(".")
    return {"kind": kind, "gear": gear, "label": LABELS.get(local, local.replace("_", " "))}


def wheel_part(wheel: Wheel, gauges=None) -> dict:
    """The `wheel` part of results.json."""
    gears = dict.fromkeys([*wheel.sentences])
    series = gauges.series if gauges else (wheel.gauge if wheel.measured else {})
    return {
        "name": wheel.name,
        "title": wheel.title or wheel.name,
        "unit": wheel.unit,
        "start": wheel.start.isoformat(),
        "currency": wheel.currency,
        "size": wheel.size,
        "gears": {
            g: {
                "sentence": wheel.sentences[g],
                "opens": wheel.opens[g].isoformat() if g in wheel.opens else None,
                "measured_by": [n for n in series if _touches(wheel, n, g)],
            }
            for g in gears
        },
    }


def _touches(wheel: Wheel, gauge: str, gear: str) -> bool:
    """Whether a gauge reads this gear, itself or through what the wheel file adds up from several gears."""
    reads = [v for v in (wheel.gauge[gauge].of, wheel.gauge[gauge].over) if v]
    reads += [c for v in reads if v in wheel.aux and "." not in v for c in names(parse_name(wheel.aux[v].equation))]
    return any(v.split(".")[0] == gear for v in reads)


def picture_results(wheel: Wheel, results: dict | None = None) -> dict:
    """What `wheel_svg` draws: from a run's results where there are some, else from the wheel alone."""
    if results:
        return results
    from gearwheel.loops.gain import gains, polarity
    from gearwheel.loops.named import named

    whole, anchors = graph(wheel), central_anchors(wheel).at(-1)
    found = named(wheel, whole)
    signs = gains(anchors, whole, list(found.values())).product
    loops = [
        {"name": n, "title": wheel.loop[n].title, "polarity": polarity(signs[i]), "links": list(loop)}
        for i, (n, loop) in enumerate(found.items())
    ]
    claims = {n: {"polarity": link.polarity} for n, link in wheel.link.items() if _testable(wheel, link)}
    return {"wheel": wheel_part(wheel), "graph": graph_of(wheel, anchors), "loops": loops, "links": claims}


def _testable(wheel: Wheel, link: Link) -> bool:
    """Whether a link has a strength that is believed, as those have that a fit judges; any other is a definition."""
    strength = wheel.parameter.get(link.strength)
    return strength is not None and strength.belief is not None
