"""Gears → one wheel: names qualified, ports meshed, gears gated by their opening, arrays and forms expanded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from gearwheel.wheel.arrays import expand_arrays, laid_over
from gearwheel.wheel.constants import constant
from gearwheel.wheel.errors import Problem, WheelError, did_you_mean
from gearwheel.wheel.forms import Hidden, expand
from gearwheel.wheel.mesh import mesh_problems
from gearwheel.wheel.parse import ParseError, parse
from gearwheel.wheel.parts import Aux, Flow, Place, Stock, Wheel
from gearwheel.wheel.shocks import shocked
from gearwheel.wheel.times import counts_months, elapsed
from gearwheel.wheel.tree import Tree, rename, text

Library = Callable[[str, str], Wheel]  # (gear name or path, file of the wheel) -> the gear as written

_TREE_FIELDS = {"stock": ("start", "noise"), "flow": ("equation",), "aux": ("equation",), "lever": ("cost", "spends")}


def assemble(wheel: Wheel, library: Library) -> Wheel:
    """The wheel with all its gears taken in: no `gear` left, every name final, only primitives in equations.

    Raises WheelError for unknown gears, ports or meshes and for equations that cannot be parsed.
    """
    gears = {name: _adjusted(wheel, name, library(use.gear, wheel.file)) for name, use in wheel.gear.items()}
    problems = list(mesh_problems(wheel, gears))
    if problems:
        raise WheelError(problems)
    outside = _outside_names(wheel, gears)
    parts = {
        kind: {n: _renamed(kind, part, outside, wheel, n) for n, part in getattr(wheel, kind).items()}
        for kind in _MERGED
    }
    places = dict(wheel.places)
    for name, gear in gears.items():
        names = _names(wheel, gears, name)
        for kind in _MERGED:
            for local, part in getattr(gear, kind).items():
                final = local if kind == "loop" and "." in local else f"{name}.{local}"
                parts[kind][final] = _renamed(kind, part, names, gear, local)
                if kind == "evidence" and part.lever in gear.lever:  # a port may have a lever's name
                    parts[kind][final] = replace(parts[kind][final], lever=f"{name}.{part.lever}")
                # what the wheel file adjusts stands there, where its author will look for it
                places.setdefault((kind, final), gear.places.get((kind, local), Place(gear.file, 1)))
        for port, aux in _port_variables(wheel, gears, name).items():
            parts["aux"][port] = aux
            local = port.split(".", 1)[1].removesuffix("_out")
            places["aux", port] = gear.places.get(("port", local), Place(gear.file, 1))
    for port, entry in wheel.port.items():  # a gear on its own runs on the defaults of its ports
        if entry.default and not entry.of:
            parts["aux"][port] = Aux(entry.unit, entry.default, note=entry.note)
            places["aux", port] = places.get(("port", port), Place(wheel.file, 0))
    whole = wheel.changed(
        **parts,
        gear={},
        port={},
        adjust=_of_elements(wheel, gears),
        dimension={**{k: v for g in gears.values() for k, v in g.dimension.items()}, **wheel.dimension},
        places=places,
        opens={name: use.opens for name, use in wheel.gear.items() if use.opens},
        sentences={name: gear.title for name, gear in gears.items()},
    )
    return _forms_expanded(expand_arrays(_gated(shocked(_checked(whole)))))


_MERGED = ("stock", "flow", "aux", "parameter", "lookup", "link", "loop", "lever", "shock", "gauge", "evidence")
_REFERENCES = {
    "link": ("cause", "effect", "strength"),
    "lever": ("of",),
    "shock": ("on",),
    "gauge": ("of", "over"),
    "evidence": ("of", "metric"),
}


def _adjusted(wheel: Wheel, name: str, gear: Wheel) -> Wheel:
    """The gear with the wheel file's own settings for its parts laid over it."""
    problems, changed = [], {kind: dict(getattr(gear, kind)) for kind in _MERGED}
    for (kind, full), settings in wheel.adjust.items():
        owner, _, local = full.partition(".")
        if owner != name or "[" in full:
            continue
        place = wheel.places.get((kind, full), Place(wheel.file, 0))
        if local not in changed.get(kind, {}):
            hint = did_you_mean(local, changed.get(kind, {}))
            problems.append(Problem("GW120", f"gear '{name}' has no {kind} '{local}'", place.file, place.line, hint))
            continue
        changed[kind][local] = laid_over(kind, changed[kind][local], settings)
    if problems:
        raise WheelError(problems)
    return gear.changed(**changed)


def _of_elements(wheel: Wheel, gears: Mapping[str, Wheel]) -> dict[tuple[str, str], dict[str, object]]:
    """What gears say about single elements of their arrays, and the wheel file over it; all names final."""
    found: dict[tuple[str, str], dict[str, object]] = {}
    sources = [(f"{name}.", gear, _names(wheel, gears, name)) for name, gear in gears.items()]
    for prefix, source, names in [*sources, ("", wheel, _outside_names(wheel, gears))]:
        for (kind, name), settings in source.adjust.items():
            if "[" in name:
                fields = [f for f in _TREE_FIELDS.get(kind, ()) if f in settings]
                trees = {f: _text(settings[f], names, source, kind, name) for f in fields}
                before = found.get((kind, prefix + name), {})
                found[kind, prefix + name] = {**before, **settings, **trees}
    return found


def _names(wheel: Wheel, gears: Mapping[str, Wheel], name: str) -> dict[str, str]:
    """What each local name of a gear is called in the whole wheel."""
    gear = gears[name]
    final = {local: f"{name}.{local}" for local in (*gear.variables(), *gear.parameter, *gear.lookup)}
    for port, entry in gear.port.items():
        if not entry.of:
            sources = wheel.gear[name].mesh.get(port, ())
            final[port] = _out(wheel, gears, sources[0]) if len(sources) == 1 else f"{name}.{port}"
    return final


def _outside_names(wheel: Wheel, gears: Mapping[str, Wheel]) -> dict[str, str]:
    """What the wheel file's own equations mean by `gear.out_port`."""
    found = {}
    for name, gear in gears.items():
        for port, entry in gear.port.items():
            if entry.of and port not in {**gear.variables(), **gear.parameter}:
                found[f"{name}.{port}"] = _out(wheel, gears, f"{name}.{port}")
    return found


def _out(wheel: Wheel, gears: Mapping[str, Wheel], source: str) -> str:
    """The variable behind `gear.out_port`: the port itself where it is gated by an opening date, else its source."""
    owner, _, local = source.partition(".")
    port = gears[owner].port.get(local) if owner in gears else None
    if port is None or not port.of:
        return source
    return _gate(gears, owner, local) if wheel.gear[owner].opens else f"{owner}.{port.of}"


def _gate(gears: Mapping[str, Wheel], owner: str, port: str) -> str:
    """The name of a gated out-port: its own, unless the gear has a part of that name."""
    gear = gears[owner]
    taken = {*gear.variables(), *gear.parameter, *gear.lookup}
    return f"{owner}.{port}_out" if port in taken else f"{owner}.{port}"


def _port_variables(wheel: Wheel, gears: Mapping[str, Wheel], name: str) -> dict[str, Aux]:
    """Auxiliaries for ports that are more than an alias: defaults, combinations, gated out-ports."""
    gear, use, names = gears[name], wheel.gear[name], _names(wheel, gears, name)
    found: dict[str, Aux] = {}
    for port, entry in gear.port.items():
        if entry.of and use.opens:
            neutral = entry.neutral or "0"
            equation = f"if(time >= {_opening(use.opens, wheel)}, {name}.{entry.of}, {_text(neutral, names, gear, 'port', port)})"
            found[_gate(gears, name, port)] = Aux(entry.unit, equation, note=entry.note)
        elif not entry.of:
            sources = [_out(wheel, gears, s) for s in use.mesh.get(port, ())]
            if not sources:
                found[f"{name}.{port}"] = Aux(
                    entry.unit, _text(entry.default, names, gear, "port", port), note=entry.note
                )
            elif len(sources) > 1:
                sign = {"sum": " + ", "product": " * "}.get(entry.combine)
                found[f"{name}.{port}"] = Aux(
                    entry.unit, sign.join(sources) if sign else f"min({', '.join(sources)})", note=entry.note
                )
    return found


def _opening(opens: date, wheel: Wheel) -> str:
    if not wheel.grid or counts_months(wheel):
        return repr(round(elapsed(opens, wheel), 9))
    return repr(round(elapsed(opens, wheel) - 1e-6 * wheel.dt, 9))  # no rounding may move it past its step


def _renamed(kind: str, part, names: Mapping[str, str], gear: Wheel, local: str):
    """The part with every reference replaced by its final name."""
    changed = {f: _text(getattr(part, f), names, gear, kind, local) for f in _TREE_FIELDS.get(kind, ())}
    if isinstance(part, Stock):
        for side in ("inflows", "outflows"):
            changed[side] = tuple(names.get(f, f) for f in getattr(part, side))
    for single in _REFERENCES.get(kind, ()):
        changed[single] = _reference(getattr(part, single), names)
    if kind == "loop":
        changed["through"] = tuple(names.get(n, n) for n in part.through)
    return replace(part, **changed) if changed else part


def _reference(name: str, names: Mapping[str, str]) -> str:
    base, bracket, index = name.partition("[")
    return names.get(base, base) + bracket + index


def _text(equation: str, names: Mapping[str, str], gear: Wheel, kind: str, local: str) -> str:
    return text(rename(_parsed(equation, gear, kind, local), names))


def _parsed(equation: str, wheel: Wheel, kind: str, name: str):
    try:
        return parse(equation)
    except ParseError as error:
        raise _unreadable(equation, error, wheel, kind, name) from error


def _unreadable(equation: str, error: ParseError, wheel: Wheel, kind: str, name: str) -> WheelError:
    place = wheel.places.get((kind, name), Place(wheel.file, 0))
    pointer = f"{equation[:80]}\n    {' ' * min(error.position, 80)}^" if len(equation) <= 200 else ""
    return WheelError(Problem("GW124", f"{kind} '{name}': {error}", place.file, place.line, pointer))


def _checked(wheel: Wheel) -> Wheel:
    """The same wheel, once every equation of it can be read."""
    problems = []
    for kind, fields in _TREE_FIELDS.items():
        for name, part in getattr(wheel, kind).items():
            for field in fields:
                try:
                    _parsed(getattr(part, field), wheel, kind, name)
                except WheelError as error:
                    problems += error.problems
    if problems:
        raise WheelError(problems)
    return wheel


def _gated(wheel: Wheel) -> Wheel:
    """Flows of a gear stand still before it opens, and so does the noise of its stocks."""
    flows, stocks = dict(wheel.flow), dict(wheel.stock)
    for name, stock in wheel.stock.items():
        opens = wheel.opens.get(name.split(".")[0])
        if opens and stock.noise != "0":
            stocks[name] = replace(stock, noise=f"if(time >= {_opening(opens, wheel)}, {stock.noise}, 0)")
    for name, flow in wheel.flow.items():
        opens = wheel.opens.get(name.split(".")[0])
        if opens:
            flows[name] = replace(flow, equation=f"if(time >= {_opening(opens, wheel)}, {flow.equation}, 0)")
    return wheel.changed(flow=flows, stock=stocks)


def _forms_expanded(wheel: Wheel) -> Wheel:
    """Forms replaced by primitives; the stocks that they bring become ordinary parts."""
    parts = {kind: dict(getattr(wheel, kind)) for kind in _TREE_FIELDS}
    for kind, fields in _TREE_FIELDS.items():
        for name, part in getattr(wheel, kind).items():
            for field in fields:
                brought: list[Hidden] = []
                part = replace(part, **{field: _grown(wheel, kind, name, getattr(part, field), brought.append)})
                if brought and field != "equation":
                    message = f"the {field} of {kind} '{name}' remembers or delays, which only a flow or an aux can"
                    place = wheel.places.get((kind, name), Place(wheel.file, 0))
                    raise WheelError(Problem("GW128", message, place.file, place.line, "Give that an aux of its own."))
                for hidden in brought:
                    _keep(hidden, parts)
            parts[kind][name] = part
    return wheel.changed(**parts)


def _grown(wheel: Wheel, kind: str, name: str, equation: str, keep: Callable[[Hidden], None]) -> str:
    """The equation in primitives, still one that may be parsed."""
    try:
        grown = text(expand(_parsed(equation, wheel, kind, name), name, keep, lambda tau: _steps(tau, wheel)))
        parse(grown)
    except ParseError as error:
        larger = ParseError(f"with its forms written out, {error}", 0)
        raise _unreadable(equation, larger, wheel, kind, name) from error
    return grown


def _steps(tau: Tree, wheel: Wheel) -> float:
    """How many time steps a time constant has at the centre of the beliefs, inf where that depends on variables."""
    length = constant(tau, wheel)
    return math.inf if length is None or not wheel.dt > 0 or math.isnan(length) else length / wheel.dt


def _keep(hidden: Hidden, parts: dict[str, dict]) -> None:
    """The stock of a form and its two flows; units are left open, since they follow from the start value."""
    base, bracket, index = hidden.name.partition("[")
    filling, draining = (f"{base}__{way}{bracket}{index}" for way in ("in", "out"))
    parts["stock"][hidden.name] = Stock("", text(hidden.start), (filling,), (draining,), scale="abs", note="hidden")
    parts["flow"][filling] = Flow("", text(hidden.inflow))
    parts["flow"][draining] = Flow("", text(hidden.outflow))
