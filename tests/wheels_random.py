"""Random small wheels for property tests: every operator, bounded inflows, draining outflows, so nothing explodes."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from gearwheel.wheel.parts import Aux, Flow, Lookup, Parameter, Stock, Wheel

TIME_STEPS = (0.125, 0.25, 0.5)
_UNARY = ("sqrt({a})", "ln(1 + {a})", "exp(-{a})", "1 / (0.5 + {a})", "(0.1 + {a}) ^ power", "lookup(table, {a})")
_BINARY = (
    "min({a}, {b})",
    "max({a}, {b}, 0.1)",
    "abs({a} - {b})",
    "{a} / (1 + {b} ^ 2)",
    "if({a} < {b}, {a}, {b} / 2)",
    "if({a} >= 0.5 and not {b} > 2, 0.3 + {a}, 0.7)",
    "if(time <= 2 or {a} != {b}, {b}, {a})",
    "(0.2 + {a}) ^ ({b} / (1 + {b}))",
    "{a} - -{b} * lever",
)


@dataclass(frozen=True)
class Run:
    """A wheel and a way to spin it: step paths of its lever, and the seed of its draws and shocks."""

    wheel: Wheel
    path: tuple[tuple[float, float], ...]
    seed: int


@st.composite
def wheels(draw) -> Wheel:
    """A wheel of one to three stocks, on log and absolute scales, with process noise, a lookup and a lever."""
    count = draw(st.integers(1, 3))
    stocks, flows, auxes = {}, {}, {}
    for i in range(count):
        scale = draw(st.sampled_from(("log", "abs")))
        noise = draw(st.sampled_from(("0", "0.05", "if(time >= 3, 0.1 * lever, noise)")))
        nonnegative = scale == "abs" and draw(st.booleans())
        start = repr(draw(st.floats(0.5, 20.0)))
        stocks[f"s{i}"] = Stock("x", start, (f"in{i}",), (f"out{i}",), scale, noise, nonnegative)
    for j in range(draw(st.integers(1, 3))):
        auxes[f"a{j}"] = Aux("1", draw(_expressions(count, j)))
    for i in range(count):
        turned = draw(_expressions(count, len(auxes)))
        flows[f"in{i}"] = Flow("x/year", f"rate * (0.2 + ({turned}) / (1 + ({turned})))")
        flows[f"out{i}"] = Flow("x/year", f"{draw(st.floats(0.05, 1.0))!r} * s{i}")
    steep = draw(st.lists(st.floats(0.05, 3.0), min_size=4, max_size=4))
    return Wheel(
        name="random",
        unit="year",
        dt=draw(st.sampled_from(TIME_STEPS)),
        size="s0",
        stock=stocks,
        flow=flows,
        aux=auxes,
        lookup={"table": Lookup((0.0, 0.4, 1.0, 3.0), tuple(steep))},
        parameter={
            "rate": Parameter("1", draw(st.floats(0.1, 5.0))),
            "power": Parameter("1", draw(st.sampled_from((-0.7, 0.0, 0.5, 1.0, 2.0)))),
            "noise": Parameter("1", 0.1),
            "lever": Parameter("1", draw(st.floats(0.0, 1.0))),
        },
    )


@st.composite
def runs(draw) -> Run:
    """A random wheel with a random path of its lever, which may begin after the run does."""
    steps = draw(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 2)), max_size=3))
    return Run(draw(wheels()), tuple(sorted(steps)), draw(st.integers(0, 2**16)))


@st.composite
def _expressions(draw, stocks: int, auxes: int, depth: int = 2) -> str:
    """An equation that is finite and not negative whatever the stocks are."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        leaves = [f"abs(s{i}) / 5" for i in range(stocks)] + [f"a{j}" for j in range(auxes)]
        return draw(st.sampled_from([*leaves, "lever", "0.1 * time", "0.8"]))
    shape = draw(st.sampled_from(_UNARY + _BINARY))
    inner = _expressions(stocks, auxes, depth - 1)
    return shape.format(a=f"({draw(inner)})", b=f"({draw(inner)})")
