"""What can be wrong with a wheel: one check a file, each with a stable code (GW2xx errors, GW3xx warnings)."""

from __future__ import annotations

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules import (
    barrier,
    belief_order,
    belief_reasons,
    ceiling_reasons,
    content,
    cycles,
    equation_units,
    evidence,
    evidence_reasons,
    flow_units,
    functions,
    gauge_reading,
    gauge_units,
    hold_back,
    levers,
    limits,
    link_claims,
    link_edges,
    link_reasons,
    link_strength,
    lookups,
    loop_stops,
    loop_unique,
    names_once,
    noise,
    outcomes,
    parameter_numbers,
    shocks,
    short_delays,
    size,
    start_cycles,
    start_units,
    stock_flows,
    syntax,
    time_step,
    unit_texts,
    unknown_names,
    unused_flows,
    unused_parameters,
    values,
)

RULES = (
    syntax,
    content,
    names_once,
    unknown_names,
    functions,
    values,
    cycles,
    start_cycles,
    limits,
    time_step,
    hold_back,
    size,
    outcomes,
    barrier,
    stock_flows,
    noise,
    unit_texts,
    equation_units,
    flow_units,
    start_units,
    belief_order,
    parameter_numbers,
    link_edges,
    link_strength,
    link_claims,
    loop_stops,
    levers,
    shocks,
    gauge_reading,
    gauge_units,
    evidence,
    lookups,
    unused_flows,
    unused_parameters,
    belief_reasons,
    link_reasons,
    evidence_reasons,
    ceiling_reasons,
    loop_unique,
    short_delays,
)


def check_wheel(wheel: Wheel) -> list[Problem]:
    """Every problem of an assembled wheel, each once, by file and line. A wheel that may be spun has no errors."""
    found = list(syntax.check(wheel))
    if not found:  # every other rule reads the equations
        found = [problem for rule in RULES for problem in rule.check(wheel)]
    return sorted(dict.fromkeys(found), key=lambda p: (p.file, p.line, p.code, p.message))
