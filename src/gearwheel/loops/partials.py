"""How much each effect moves when one of its causes moves alone, and what that adds up to between stocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gearwheel.loops.anchors import Cases
from gearwheel.loops.find import components
from gearwheel.spin.program import Program
from gearwheel.wheel.graph import Edge, Graph, parse_name
from gearwheel.wheel.tree import Call, Number, Tree, names, transform

STEP = 1e-6
_AT_ZERO = 1e-9  # the step for a cause that is zero: it has no size of its own to take a share of


def signs(program: Program, edges: Sequence[Edge]) -> list[int]:
    """+1 for inflow → stock, -1 for outflow → stock, 0 for every other edge."""
    stock = program.wheel.stock
    return [
        0 if effect not in stock else (cause in stock[effect].inflows) - (cause in stock[effect].outflows)
        for cause, effect in edges
    ]


def partials(cases: Cases, graph: Graph) -> np.ndarray:
    """∂effect/∂cause of every edge through the effect's own equation, shape (edges, n), in the order of `graph.edges`.

    Central differences with a step of 1e-6 of the cause; one-sided where the equation has no value on one side, NaN
    where it has none on both. Flow → stock is ±1, since a stock integrates. A flow that a nonnegative stock limits does
    not move with its causes; the limit itself is no edge. Unit: the effect's over the cause's (for flow → stock
    dimensionless, per dt of integration).
    """
    values = cases.values()
    equation = cases.program.equations()
    count = len(cases.time)
    found = np.empty((len(graph.edges), count))
    with np.errstate(all="ignore"):
        for row, ((cause, effect), sign) in enumerate(zip(graph.edges, signs(cases.program, graph.edges))):
            found[row] = (
                sign if effect in cases.program.wheel.stock else _slope(equation[effect], values, cause, effect)
            )
    return found


def _slope(equation, values: dict, cause: str, effect: str):
    here = np.asarray(values[cause], float)
    h = np.where(here == 0, _AT_ZERO, STEP * np.abs(here))
    above, below = here + h, here - h
    high, low = equation({**values, cause: above}), equation({**values, cause: below})
    central = (high - low) / (above - below)
    upper = (high - values[effect]) / (above - here)
    lower = (values[effect] - low) / (here - below)
    return np.where(np.isfinite(central), central, np.where(np.isfinite(upper), upper, lower))


def jacobian(cases: Cases, graph: Graph, derivatives: np.ndarray | None = None) -> np.ndarray:
    """∂(ds_i/dt)/∂s_j of all stocks, shape (n, stocks, stocks), by the chain rule over the edges within an instant."""
    derivatives = partials(cases, graph) if derivatives is None else derivatives
    total = _through(cases.program, graph, derivatives)
    return np.moveaxis(np.stack([total[name] for name in cases.program.stocks]), -1, 0)


def own_decay(cases: Cases, graph: Graph, derivatives: np.ndarray | None = None) -> np.ndarray:
    """The rate at which each stock forgets by itself, shape (stocks, n), per time unit, never negative.

    It is minus the sum of those paths from the stock to its own net flow that meet no other stock and are balancing.
    The reinforcing ones are left out: they are loops with a gain of their own (word of mouth does not make customers
    forget more slowly, it replaces them).
    """
    derivatives = partials(cases, graph) if derivatives is None else derivatives
    program = cases.program
    _, negative = _through(program, graph, derivatives, apart=True)
    rates = [negative[name][i] for i, name in enumerate(program.stocks)]
    return np.stack(rates) if rates else np.zeros((0, derivatives.shape[1]))


def _through(program: Program, graph: Graph, derivatives: np.ndarray, apart: bool = False):
    """Total derivative of every variable (for a stock: of its net flow) with respect to every stock, (stocks, n) each.

    With `apart`, the sums of positive and of |negative| paths separately.
    """
    count = derivatives.shape[1]
    into: dict[str, list[tuple[str, np.ndarray]]] = {n: [] for n in graph.nodes}
    for (cause, effect), derivative in zip(graph.edges, derivatives):
        into[effect].append((cause, derivative))
    positive: dict[str, np.ndarray] = {}
    negative: dict[str, np.ndarray] = {}
    for i, name in enumerate(program.stocks):
        positive[name] = np.zeros((len(program.stocks), count))
        positive[name][i] = 1.0
        negative[name] = np.zeros((len(program.stocks), count))

    def add_up(name: str) -> tuple[np.ndarray, np.ndarray]:
        plus, minus = np.zeros((len(program.stocks), count)), np.zeros((len(program.stocks), count))
        for cause, derivative in into[name]:
            up, down = np.maximum(derivative, 0.0), np.maximum(-derivative, 0.0)
            if apart:
                plus += up * positive[cause] + down * negative[cause]
                minus += up * negative[cause] + down * positive[cause]
            else:
                plus += derivative * positive[cause]
        return plus, minus

    for name, _ in program.order:
        positive[name], negative[name] = add_up(name)
    net = {name: add_up(name) for name in program.stocks}
    if apart:
        return {n: p for n, (p, _) in net.items()}, {n: m for n, (_, m) in net.items()}
    return {n: p for n, (p, _) in net.items()}


def feedback_core(program: Program, graph: Graph) -> list[int]:
    """Positions in `program.stocks` of the largest set of stocks that all drive each other.

    What only accumulates, such as cash that nothing looks at or that enters an equation times 0, drives nothing and so
    is not in it.
    """
    computed = {**program.wheel.flow, **program.wheel.aux}
    acting = {n: set(names(transform(parse_name(p.equation), _nothing))) for n, p in computed.items()}
    place = {n: i for i, n in enumerate(graph.nodes)}
    successors: list[list[int]] = [[] for _ in graph.nodes]
    for cause, effect in graph.edges:
        if effect not in acting or cause in acting[effect]:
            successors[place[cause]].append(place[effect])
    groups = [[i for i, n in enumerate(program.stocks) if place[n] in c] for c in components(successors)]
    return max(groups, key=len, default=[])


def _nothing(tree: Tree) -> Tree | None:
    """0 for a product with the number 0."""
    return Number(0.0) if isinstance(tree, Call) and tree.fn == "*" and Number(0.0) in tree.args else None
