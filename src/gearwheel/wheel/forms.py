"""Forms: macros over the primitives, read from forms.toml, and their expansion."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from gearwheel.wheel.parse import ParseError, parse
from gearwheel.wheel.tree import BARE_DT, Call, Name, Number, Tree, substitute, text

MAX_NODES = 20_000

# name -> (least, most) number of arguments
PRIMITIVES: Mapping[str, tuple[int, int]] = {
    **{op: (2, 2) for op in ("+", "-", "*", "/", "^", "<", "<=", ">", ">=", "=", "!=", "and", "or")},
    **{op: (1, 1) for op in ("neg", "not", "abs", "exp", "ln", "sqrt", "sum")},
    "if": (3, 3),
    "min": (2, 8),
    "max": (2, 8),
    "lookup": (2, 2),
}


@dataclass(frozen=True)
class Form:
    """One macro. `remembers` stocks follow a target; `accumulates` stocks hold an inflow for a time."""

    name: str
    arguments: tuple[str, ...]
    equation: str
    sentence: str
    strength: str = ""
    neutral: float | None = None
    belief: tuple[float, ...] = ()
    remembers: tuple[tuple[str, str, str], ...] = ()
    accumulates: tuple[tuple[str, str, str], ...] = ()

    @property
    def stages(self) -> int:
        """How many stocks it brings along."""
        return len(self.remembers + self.accumulates)


@dataclass(frozen=True)
class Hidden:
    """A stock that a form brings along: start value, inflow and outflow as trees."""

    name: str
    start: Tree
    inflow: Tree
    outflow: Tree


@cache
def forms() -> Mapping[str, Form]:
    """All forms by name."""
    table = tomllib.loads(files("gearwheel.wheel").joinpath("forms.toml").read_text("utf-8"))["form"]
    return {name: _form(name, entry) for name, entry in table.items()}


def _form(name: str, entry: dict) -> Form:
    hidden = {
        kind: tuple((stock, target, tau) for stock, (target, tau) in entry.get(kind, {}).items())
        for kind in ("remembers", "accumulates")
    }
    plain = {k: v for k, v in entry.items() if k not in hidden}
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in plain.items()}
    return Form(name=name, **plain, **hidden)


def functions() -> dict[str, tuple[int, int]]:
    """Everything that may stand before a bracket, with its least and most number of arguments."""
    return {**PRIMITIVES, **{f.name: (len(f.arguments), len(f.arguments)) for f in forms().values()}}


def expand(
    tree: Tree, owner: str, keep: Callable[[Hidden], None], steps: Callable[[Tree], float] = lambda tau: math.inf
) -> Tree:
    """Replace every form in `tree` by its body; hidden stocks are named after `owner` and handed to `keep`.

    `steps(tau)` says how many time steps a time constant has, inf where that cannot be known. A form with the wrong
    number of arguments stays as it is. Raises ParseError when the result would be huge."""
    count = grown = 0
    base, bracket, index = owner.partition("[")

    def grow(node: Tree) -> Tree:
        nonlocal count, grown
        grown += 1
        if grown > MAX_NODES:  # nested forms that repeat their argument grow like 2^depth
            raise ParseError(f"the forms in this equation expand to more than {MAX_NODES:,} parts", 0)
        if not isinstance(node, Call):
            return node
        args = tuple(grow(a) for a in node.args)
        form = forms().get(node.fn)
        if form is None or len(args) != len(form.arguments):
            return Call(node.fn, args)
        given: dict[str, Tree] = dict(zip(form.arguments, args))
        stages = form.stages
        if stages:
            count += 1
            stages = int(max(1, min(stages, steps(given["tau"]) + 1e-9)))
            shortest = Call("*", (Number(stages), Name(BARE_DT)))  # a shorter one would explode
            given |= {"stages": Number(stages), "tau": Call("max", (given["tau"], shortest))}
        brought = form.remembers + form.accumulates
        for stock, target, tau in brought[:stages]:
            hidden = f"{base}__{form.name}{count}_{stock}{bracket}{index}"
            source, constant = (substitute(parse(e), given) for e in (target, tau))
            follows = (stock, target, tau) in form.remembers
            here = Name(hidden)
            keep(
                Hidden(
                    hidden,
                    start=source if follows else Call("*", (source, constant)),
                    inflow=Call("/", (source, constant)) if follows else source,
                    outflow=Call("/", (here, constant)),
                )
            )
            given[stock] = here
        given |= {stock: given[brought[stages - 1][0]] for stock, *_ in brought[stages:]}
        return grow(substitute(parse(form.equation), given))

    return grow(tree)


def describe(name: str) -> str:
    """`elastic(x, x0, e) = (x / x0) ^ e: a change of …`"""
    form = forms()[name]
    return f"{name}({', '.join(form.arguments)}) = {text(parse(form.equation))}: {form.sentence}"
