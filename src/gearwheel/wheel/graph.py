"""Who turns whom: the edges that the equations contain, and the order in which to compute."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from gearwheel.wheel.errors import Problem, WheelError
from gearwheel.wheel.parse import parse
from gearwheel.wheel.parts import Place, Wheel
from gearwheel.wheel.tree import names

Edge = tuple[str, str]


@dataclass(frozen=True)
class Graph:
    """`edges` run between stocks, flows and auxiliaries. Parameters are not nodes: nothing turns them."""

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]

    def successors(self) -> dict[str, list[str]]:
        out: dict[str, list[str]] = {n: [] for n in self.nodes}
        for cause, effect in self.edges:
            out[cause].append(effect)
        return out


def graph(wheel: Wheel) -> Graph:
    """The causal graph of an assembled wheel: equation edges, and flow → stock."""
    variables = wheel.variables()
    edges: dict[Edge, None] = {}
    for name, part in {**wheel.flow, **wheel.aux}.items():
        for cause in names(parse_name(part.equation)):
            if cause in variables:
                edges[cause, name] = None
    for name, stock in wheel.stock.items():
        for flow in (*stock.inflows, *stock.outflows):
            edges[flow, name] = None
    return Graph(tuple(variables), tuple(edges))


def parse_name(equation: str):
    """Parse an equation of an assembled wheel, where `x[a]` is one plain name."""
    from gearwheel.wheel.tree import Name, transform

    return transform(
        parse(equation), lambda n: Name(f"{n.name}[{', '.join(n.index)}]") if isinstance(n, Name) and n.index else None
    )


def evaluation_order(wheel: Wheel) -> tuple[str, ...]:
    """Flows and auxiliaries so that each comes after what it needs. Raises WheelError naming a cycle without a stock."""
    computed = {**wheel.flow, **wheel.aux}
    needs = {n: [c for c in names(parse_name(p.equation)) if c in computed] for n, p in computed.items()}
    try:
        return tuple(TopologicalSorter(needs).static_order())
    except CycleError as error:
        cycle = list(reversed(error.args[1]))
        kind = "flow" if cycle[0] in wheel.flow else "aux"
        place = wheel.places.get((kind, cycle[0]), Place(wheel.file, 0))
        hint = "A loop needs a stock on it: what does one of these accumulate or adjust to over time?"
        raise WheelError(
            Problem(
                "GW202",
                f"these need each other at the same instant: {' -> '.join(cycle)}",
                place.file,
                place.line,
                hint,
            )
        ) from error
