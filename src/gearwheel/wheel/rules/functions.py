"""A function that does not exist, or with too few or too many arguments. The list of functions is closed."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel import forms
from gearwheel.wheel.errors import Problem, did_you_mean
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import equations, problem
from gearwheel.wheel.tree import Call, Name, walk

CODE = "GW203"
ELSEWHERE = {
    "log": "ln(x)",
    "log10": "ln(x) / ln(10)",
    "pow": "x ^ y",
    "delay": "delay1 or delay3",
    "smooth": "smth1 or smth3",
    "step": "step_up",
    "ifthenelse": "if(test, yes, no)",
    "sin": "a lookup over time for what comes and goes",
    "cos": "a lookup over time for what comes and goes",
    "int": "a lookup with steps, or leave the fraction: there is no rounding",
    "mean": "sum(x) divided by the number of elements",
}


def check(wheel: Wheel) -> Iterator[Problem]:
    known = forms.functions()
    for kind, name, field, tree in equations(wheel):
        for node in walk(tree):
            if not isinstance(node, Call):
                continue
            said = f"the {field} of {kind} '{name}'"
            if node.fn not in known:
                hint = f"Use {ELSEWHERE[node.fn]}." if node.fn in ELSEWHERE else did_you_mean(node.fn, known)
                yield problem(wheel, CODE, kind, name, f"{said} calls '{node.fn}', which is no function", hint)
            elif not known[node.fn][0] <= len(node.args) <= known[node.fn][1]:
                message = f"{said} gives {node.fn} {len(node.args)} arguments, not {_wanted(known[node.fn])}"
                yield problem(wheel, CODE, kind, name, message, _usage(node.fn))
            elif node.fn == "sum":
                hint = 'Give a variable by = ["dimension"], or write the sum with +.'
                yield problem(wheel, CODE, kind, name, f"{said} sums what is not an array", hint)
            elif node.fn == "lookup" and not isinstance(node.args[0], Name):
                message = f"{said}: the first argument of lookup is the name of a lookup"
                yield problem(wheel, CODE, kind, name, message, "lookup(some_table, x)")


def _wanted(bounds: tuple[int, int]) -> str:
    least, most = bounds
    return str(least) if least == most else f"{least} to {most}"


def _usage(fn: str) -> str:
    form = forms.forms().get(fn)
    if form:
        return f"{fn}({', '.join(form.arguments)}): {form.sentence}"
    return {"if": "if(test, yes, no)", "lookup": "lookup(some_table, x)"}.get(fn, "")
