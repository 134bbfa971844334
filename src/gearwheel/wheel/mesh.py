"""Whether gears mesh: every port exists, has what it needs and is turned in its own unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gearwheel.wheel.dimensions import unit_or_none
from gearwheel.wheel.errors import Problem, did_you_mean
from gearwheel.wheel.parts import Place, Port, Use, Wheel
from gearwheel.wheel.units import Unit, show

_COMBINE = ("sum", "product", "min")


def mesh_problems(wheel: Wheel, gears: Mapping[str, Wheel]) -> Iterator[Problem]:
    """Ports that do not exist, lack a source or mesh with another unit. `gears` are the gears as written."""
    for name, use in wheel.gear.items():
        place = wheel.places.get(("gear", name), Place(wheel.file, 0))
        yield from _gear_problems(name, gears[name], place)
        for code, message, hint in _port_faults(wheel, gears, name, use):
            yield Problem(code, message, place.file, place.line, hint)


def _gear_problems(name: str, gear: Wheel, place: Place) -> Iterator[Problem]:
    """What is wrong with the gear itself."""
    if gear.gear:
        message = f"gear '{name}' is a wheel of gears itself, and gears do not nest"
        yield Problem("GW127", message, place.file, place.line, "Take its gears into this wheel one by one.")
    for port, entry in gear.port.items():
        here = gear.places.get(("port", port), Place(gear.file, 0))
        if entry.of and entry.of not in gear.variables():
            message = f"the out-port '{port}' shows '{entry.of}', which is no variable of the gear"
            yield Problem("GW123", message, here.file, here.line, did_you_mean(entry.of, gear.variables()))
        if entry.combine not in _COMBINE:
            message = f"the port '{port}' combines by '{entry.combine}'"
            yield Problem("GW121", message, here.file, here.line, f"One of {', '.join(_COMBINE)}.")


def _port_faults(wheel: Wheel, gears: Mapping[str, Wheel], name: str, use: Use) -> Iterator[tuple[str, str, str]]:
    ports = {p: port for p, port in gears[name].port.items() if not port.of}
    for port, sources in use.mesh.items():
        if port not in ports:
            yield "GW121", f"gear '{name}' has no in-port '{port}'", did_you_mean(port, ports)
        for source in sources:
            fault = _source_fault(wheel, gears, source)
            if fault:
                yield "GW123", f"'{name}.{port}' meshes with '{source}'{fault[0]}", fault[1]
            elif port in ports:
                yield from _unit_fault(wheel, gears, f"{name}.{port}", ports[port], source)
    for port, entry in ports.items():
        if not entry.default and not use.mesh.get(port):
            message = f"gear '{name}' needs its in-port '{port}' meshed: it has no default"
            yield "GW122", message, f'Add {port} = "gear.out_port" to its mesh.'


def _source_fault(wheel: Wheel, gears: Mapping[str, Wheel], source: str) -> tuple[str, str] | None:
    owner, _, local = source.partition(".")
    if not local and source in wheel.variables():
        return None
    if owner not in gears:
        return f": no gear '{owner}'", did_you_mean(owner, gears)
    known = _turning(gears[owner])
    return None if local in known else (", which does not exist", did_you_mean(local, known))


def _turning(gear: Wheel) -> dict[str, str]:
    """What others may mesh with, and its unit: variables and out-ports."""
    return {
        **{n: v.unit for n, v in gear.variables().items()},
        **{n: p.unit for n, p in gear.port.items() if p.of},
    }


def _unit_fault(wheel, gears, name: str, port: Port, source: str) -> Iterator[tuple[str, str, str]]:
    """An alias carries no unit of its own, so this is where a mismatch between two gears can be seen."""
    owner, _, local = source.partition(".")
    given = _turning(gears[owner])[local] if local else wheel.variables()[source].unit
    have: Unit | None = unit_or_none(given)
    want: Unit | None = unit_or_none(port.unit)
    if None not in (have, want) and have != want and port.combine != "product":
        message = f"'{name}' is turned in {show(want)}, and '{source}' gives {show(have)}"
        yield "GW129", message, "Mesh it with another out-port, or mend the unit of one of them."
