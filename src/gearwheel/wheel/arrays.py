"""Arrays: a part with `by = ["segment"]` stands for one part per element, named `part[element]`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace

from gearwheel.wheel.errors import Problem, WheelError, did_you_mean
from gearwheel.wheel.parse import parse
from gearwheel.wheel.parts import Place, Wheel
from gearwheel.wheel.tree import Call, Name, Tree, text, transform

MAX_ELEMENTS = 2_000
_ARRAYED = ("stock", "flow", "aux", "parameter")


def expand_arrays(wheel: Wheel) -> Wheel:
    """The same wheel without `by`. A name without an index means the owner's own element; `sum(x)` adds up the
    dimensions of x that the owner lacks. What `adjust` says of single elements is laid over these. Raises WheelError on
    unknown dimensions or elements."""
    dims = {n: p.by for kind in _ARRAYED for n, p in getattr(wheel, kind).items() if p.by}
    if not dims and not wheel.adjust:
        return wheel
    _check(wheel, dims)
    expanded = {}
    for kind in _ARRAYED:
        table = {}
        for name, part in getattr(wheel, kind).items():
            for here in _elements(wheel, part.by):
                label = _label(name, part.by, here)
                own = laid_over(kind, part, wheel.adjust.get((kind, label), {}))
                table[label] = _element(own, here, wheel, dims)
        expanded[kind] = table
    _refuse_unknown(wheel, expanded)
    return wheel.changed(**expanded, adjust={})


def laid_over(kind: str, part, settings: Mapping[str, object]):
    """The part with some of its keys stated anew; a parameter's value takes its belief away, and the other way round."""
    settings = dict(settings)
    if kind == "parameter" and "value" in settings:
        settings.setdefault("belief", None)
    elif kind == "parameter" and "belief" in settings:
        settings["value"] = None
    return replace(part, **settings)


def _refuse_unknown(wheel: Wheel, expanded: Mapping[str, Mapping]) -> None:
    problems = []
    for kind, label in wheel.adjust:
        if label not in expanded[kind]:
            place = wheel.places.get((kind, label), Place(wheel.file, 0))
            hint = did_you_mean(label, expanded[kind])
            problems.append(Problem("GW120", f"there is no {kind} '{label}'", place.file, place.line, hint))
    if problems:
        raise WheelError(problems)


def _check(wheel: Wheel, dims) -> None:
    total = 0
    for name, by in dims.items():
        unknown = [d for d in by if d not in wheel.dimension]
        if unknown:
            place = next((p for (_, n), p in wheel.places.items() if n == name), Place(wheel.file, 0))
            hint = f'Add [dimension] {unknown[0]} = ["…"].'
            raise WheelError(
                Problem("GW125", f"'{name}' is by '{unknown[0]}', which is no dimension", place.file, place.line, hint)
            )
        total += math.prod(len(wheel.dimension[d]) for d in by)
    if total > MAX_ELEMENTS:
        raise WheelError(
            Problem("GW125", f"arrays have {total:,} elements in all; {MAX_ELEMENTS:,} is the most", wheel.file)
        )


def _elements(wheel: Wheel, by: tuple[str, ...]) -> list[dict[str, str]]:
    return [dict(zip(by, combo)) for combo in itertools.product(*(wheel.dimension[d] for d in by))]


def _label(name: str, by: tuple[str, ...], here: dict[str, str]) -> str:
    return f"{name}[{', '.join(here[d] for d in by)}]" if by else name


def _element(part, here: dict[str, str], wheel: Wheel, dims):
    changed: dict = {"by": ()}
    for field in ("equation", "start", "noise"):
        if isinstance(getattr(part, field, None), str):
            changed[field] = text(_resolve(parse(getattr(part, field)), here, wheel, dims))
    for side in ("inflows", "outflows"):
        if hasattr(part, side):
            changed[side] = tuple(_own(f, dims.get(f, ()), here, wheel) for f in getattr(part, side))
    return replace(part, **changed)


def _own(flow: str, by: tuple[str, ...], here: dict[str, str], wheel: Wheel) -> str:
    missing = [d for d in by if d not in here]
    if missing:
        message = f"the flow '{flow}' is by '{missing[0]}', and a stock with it is not"
        raise WheelError(Problem("GW126", message, wheel.file, hint="Give both the same dimensions."))
    return _label(flow, by, here)


def _resolve(tree: Tree, here: dict[str, str], wheel: Wheel, dims) -> Tree:
    if isinstance(tree, Call) and tree.fn == "sum":
        inner = {d for n in _names(tree) for d in dims.get(n, ())} - set(here)
        count = math.prod(len(wheel.dimension[d]) for d in inner)
        if count > MAX_ELEMENTS or len(tree.args) != 1:
            message = f"a sum has {count:,} terms; {MAX_ELEMENTS:,} is the most"
            if len(tree.args) != 1:
                message = f"sum takes one argument, not {len(tree.args)}"
            raise WheelError(Problem("GW126", message, wheel.file))
        extras = _elements(wheel, tuple(sorted(inner)))
        return _total([_resolve(tree.args[0], {**here, **extra}, wheel, dims) for extra in extras])
    if isinstance(tree, Call):
        return Call(tree.fn, tuple(_resolve(a, here, wheel, dims) for a in tree.args))
    if isinstance(tree, Name) and tree.name in dims:
        by = dims[tree.name]
        picked = {d: e for d in by for e in tree.index if e in wheel.dimension[d]}
        where = {**{d: here[d] for d in by if d in here}, **picked}
        if len(where) != len(by):
            missing = next(d for d in by if d not in where)
            raise WheelError(
                Problem("GW126", f"'{tree.name}' is by '{missing}': pick an element or sum(…) it", wheel.file)
            )
        return Name(_label(tree.name, by, where))
    return tree


def _total(terms: list[Tree]) -> Tree:
    """The sum as a balanced tree, since a long chain of + would be as tall as it is long."""
    if len(terms) == 1:
        return terms[0]
    half = (len(terms) + 1) // 2
    return Call("+", (_total(terms[:half]), _total(terms[half:])))


def _names(tree: Tree) -> list[str]:
    found: list[str] = []
    transform(tree, lambda n: found.append(n.name) if isinstance(n, Name) else None)
    return found
