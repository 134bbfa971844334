"""The limits of nonnegative stocks: which flows drain one, who is served first, and when each limit can be computed.

What drains a nonnegative stock takes no more than it holds, so such a flow has up to three stages: the value of its
equation, the limit of what runs out of a stock (`OUT`, where it is positive), and the limit of what runs back out of a
stock through one of its inflows (`BACK`, where it is negative). Whatever reads a flow waits for all its stages, and so
reads the flow as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from gearwheel.wheel.errors import Problem, WheelError
from gearwheel.wheel.graph import evaluation_order, parse_name
from gearwheel.wheel.parts import Place, Wheel
from gearwheel.wheel.tree import names

START, VALUE, OUT, BACK = "start", "value", "out", "back"
Stage = tuple[str, str]  # a variable and one of these four
Limits = Mapping[Stage, tuple[tuple[str, tuple[Stage, ...]], ...]]  # limited stage -> (stock, who is served before)


def limits(wheel: Wheel) -> Limits:
    """Every limited stage with the stocks that limit it, and what these stocks serve before it.

    Outflows are served in the order listed (as in Stella: isee systems, "Flow prioritization"), then the inflows, which
    drain the stock where they are negative. An inflow whose value an outflow needs is served before that outflow.
    """
    if not any(stock.nonnegative for stock in wheel.stock.values()):
        return {}
    needs = _reads(wheel)
    found: dict[Stage, list[tuple[str, tuple[Stage, ...]]]] = {}
    for name, stock in wheel.stock.items():
        if not stock.nonnegative:
            continue
        before: list[Stage] = []
        for stage in _served(stock.inflows, stock.outflows, needs):
            found.setdefault(stage, []).append((name, tuple(before)))
            before.append(stage)
    return {stage: tuple(by) for stage, by in found.items()}


def _served(inflows: tuple[str, ...], outflows: tuple[str, ...], needs: Mapping[str, list[str]]) -> list[Stage]:
    waiting, order = list(inflows), []
    for flow in outflows:
        if waiting:
            read = _behind(flow, needs)
            order += [(inflow, BACK) for inflow in waiting if inflow in read]
            waiting = [inflow for inflow in waiting if inflow not in read]
        order.append((flow, OUT))
    return order + [(inflow, BACK) for inflow in waiting]


def _reads(wheel: Wheel) -> dict[str, list[str]]:
    """Flow or auxiliary → the flows and auxiliaries in its equation."""
    computed = {**wheel.flow, **wheel.aux}
    return {n: [c for c in names(parse_name(p.equation)) if c in computed] for n, p in computed.items()}


def _behind(name: str, needs: Mapping[str, list[str]]) -> set[str]:
    """All that a value is computed from within the instant."""
    seen, ahead = set(), [name]
    while ahead:
        for other in needs[ahead.pop()]:
            if other not in seen:
                seen.add(other)
                ahead.append(other)
    return seen


def evaluation(wheel: Wheel, by: Limits) -> tuple[Stage, ...]:
    """The stages of all flows and auxiliaries, each after what it needs; stocks are known.

    `by` are the wheel's limits. Raises WheelError for a cycle without a stock and for limits that need each other.
    """
    order = evaluation_order(wheel)  # a cycle of the equations themselves is named as one
    if not by:
        return tuple((name, VALUE) for name in order)
    try:
        return tuple(TopologicalSorter(_needs(wheel, by)).static_order())
    except CycleError as error:
        cycle = _named(error)
        flow = next(n for n in cycle if n in wheel.flow)
        message = (
            f"these flows share what a nonnegative stock holds, and each needs the other first: {' -> '.join(cycle)}"
        )
        hint = "The first outflow listed is served first: list a flow before those that read it, and in the same order in every stock."
        raise _problem(wheel, "GW229", "flow", flow, message, hint) from error


def starting(wheel: Wheel, by: Limits) -> tuple[Stage, ...]:
    """The same stages with the start of every stock among them.

    Where a limit needs a start that itself needs the limited flow, starts read the flows without limits.
    Raises WheelError where starts need each other.
    """
    try:
        return tuple(TopologicalSorter(_needs(wheel, by, starts=True)).static_order())
    except CycleError:
        pass
    try:
        return tuple(TopologicalSorter(_needs(wheel, {}, starts=True)).static_order())
    except CycleError as error:
        cycle = _named(error)
        stock = next(n for n in cycle if n in wheel.stock)
        message = f"these start values need each other: {' -> '.join(cycle)}"
        raise _problem(
            wheel, "GW222", "stock", stock, message, f"Start '{stock}' at a number or a parameter."
        ) from error


def _named(error: CycleError) -> list[str]:
    """The variables of a cycle of stages, in the direction of cause and effect."""
    return [name for name, _ in reversed(error.args[1])]


def _problem(wheel: Wheel, code: str, kind: str, name: str, message: str, hint: str) -> WheelError:
    place = wheel.places.get((kind, name), Place(wheel.file, 0))
    return WheelError(Problem(code, message, place.file, place.line, hint))


def _needs(wheel: Wheel, by: Limits, starts: bool = False) -> dict[Stage, list[Stage]]:
    """Stage → the stages that come before it; with `starts`, those of stocks too."""
    computed = {**wheel.flow, **wheel.aux}
    equations = {(n, VALUE): p.equation for n, p in computed.items()}
    if starts:
        equations |= {(n, START): s.start for n, s in wheel.stock.items()}
    final = {n: [(n, VALUE), *((n, stage) for stage in (OUT, BACK) if (n, stage) in by)] for n in computed}
    final |= {n: [(n, START)] if starts else [] for n in wheel.stock}
    needs = {
        stage: [s for name in names(parse_name(equation)) for s in final.get(name, ())]
        for stage, equation in equations.items()
    }
    for (flow, way), stocks in by.items():
        needs[flow, way] = [(flow, VALUE), *(s for _, before in stocks for s in before)]
        needs[flow, way] += [s for stock, _ in stocks for s in final[stock]]
    return needs
