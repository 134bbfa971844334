"""Forms are macros: each expands to primitives, uses what it is given and says what it means."""

from __future__ import annotations

import math

import pytest

from gearwheel.wheel.compile import compile_tree
from gearwheel.wheel.forms import MAX_NODES, PRIMITIVES, describe, expand, forms, functions
from gearwheel.wheel.parse import ParseError, parse
from gearwheel.wheel.tree import Call, Name, names, walk


def grown(equation: str, owner: str = "y"):
    kept = []
    return expand(parse(equation), owner, kept.append), kept


@pytest.mark.parametrize("name", forms())
def test_every_form_expands_to_primitives_only(name):
    form = forms()[name]
    tree, kept = grown(f"{name}({', '.join(form.arguments)})")
    for part in (tree, *(t for h in kept for t in (h.start, h.inflow, h.outflow))):
        for node in walk(part):
            assert not isinstance(node, Call) or node.fn in PRIMITIVES


@pytest.mark.parametrize("name", forms())
def test_every_form_uses_its_arguments_and_nothing_else(name):
    form = forms()[name]
    given = [f"given_{a}" for a in form.arguments]
    tree, kept = grown(f"{name}({', '.join(given)})")
    used = {n for t in (tree, *(t for h in kept for t in (h.start, h.inflow, h.outflow))) for n in names(t)}
    assert used - {h.name for h in kept} == set(given)


@pytest.mark.parametrize("name", forms())
def test_every_form_explains_itself(name):
    form = forms()[name]
    assert form.sentence and describe(name).startswith(f"{name}(")
    assert not form.strength or (form.strength in form.arguments and form.neutral is not None)
    assert not form.belief or list(form.belief) == sorted(form.belief)
    assert functions()[name] == (len(form.arguments), len(form.arguments))


def value(equation: str, **values) -> float:
    return float(compile_tree(grown(equation)[0], __import__("numpy"), {})(values))


def test_the_forms_compute_what_they_say():
    assert value("elastic(x, 2, 0.5)", x=8) == pytest.approx(2)
    assert value("saturating(x, 3, 2)", x=3) == pytest.approx(0.5)
    assert value("saturating(x, 3, 2)", x=6) == pytest.approx(36 / (36 + 9))
    assert value("saturating(x, 3, 2)", x=0) == 0
    assert value("experience_curve(10, 2, 1, b)", b=-math.log2(0.8)) == pytest.approx(8)
    assert value("scale_cost(100, 50, 3)") == pytest.approx(5)
    assert value("pass_through(20, 11, 10, 1)") == pytest.approx(22)
    assert value("logit_share(1)") == pytest.approx(0.5)
    assert value("diffusion(0, 100, 0.03, 0.38)") == pytest.approx(3)
    assert value("softplus(x, 1)", x=-50) == pytest.approx(0, abs=1e-12)
    assert value("softplus(x, 0.01)", x=5) == pytest.approx(5)
    assert value("softplus(0, 2)") == pytest.approx(2 * math.log(2))
    assert value("ramp(2, 3)", time=5) == 4 and value("ramp(2, 3)", time=1) == 0
    assert value("step_up(7, 3)", time=3, dt=0.25) == 7 and value("step_up(7, 3)", time=2.75, dt=0.25) == 0
    assert value("pulse(7, 3)", time=3, dt=0.25) == 28 and value("pulse(7, 3)", time=3.25, dt=0.25) == 0


@pytest.mark.parametrize("name", [n for n, f in forms().items() if f.strength])
def test_a_strength_at_its_neutral_value_takes_the_cause_away(name):
    form = forms()[name]
    cause = {"diffusion": "adopters", "pass_through": "cost", "experience_curve": "Q"}.get(name, form.arguments[0])
    others = {a: 2.0 for a in form.arguments} | {form.strength: form.neutral}
    if name == "diffusion":  # without imitation, adopters act only by using up the market
        per_head = [
            value("diffusion(adopters, 10, 2, imitation)", **others | {cause: x}) / (10 - x) for x in (1.0, 5.0)
        ]
        assert per_head[0] == pytest.approx(per_head[1])
        return
    found = [value(f"{name}({', '.join(form.arguments)})", **others | {cause: x}) for x in (0.5, 3.0, 9.0)]
    assert found == pytest.approx([found[0]] * 3)


@pytest.mark.parametrize(("name", "stocks"), [("habit", 1), ("smth1", 1), ("smth3", 3), ("delay1", 1), ("delay3", 3)])
def test_memories_and_delays_bring_their_stocks(name, stocks):
    tree, kept = grown(f"{name}(x, 6)")
    assert len(kept) == stocks
    assert kept[-1].name in names(tree)
    for earlier, later in zip(kept, kept[1:]):
        assert earlier.name in names(later.inflow)
    at_rest = {"x": 12.0, "dt": 0.5}
    for hidden in kept:
        at_rest[hidden.name] = float(compile_tree(hidden.start, __import__("numpy"), {})(at_rest))
    flows = [[float(compile_tree(t, __import__("numpy"), {})(at_rest)) for t in (h.inflow, h.outflow)] for h in kept]
    for inflow, outflow in flows:  # they start in equilibrium, so a constant input is passed on unchanged
        assert inflow == pytest.approx(outflow)
    assert float(compile_tree(tree, __import__("numpy"), {})(at_rest)) == pytest.approx(12)


def test_nested_memories_are_two_stocks_and_elements_keep_their_index():
    tree, kept = grown("smth1(smth1(x, 2), 3)", "orders[north]")
    assert [h.name for h in kept] == ["orders__smth11_s1[north]", "orders__smth12_s1[north]"]
    assert tree == Name("orders__smth12_s1[north]")


def test_a_form_with_the_wrong_number_of_arguments_is_left_for_the_rules():
    assert grown("elastic(x, x0)")[0] == parse("elastic(x, x0)")


def test_forms_in_forms_cannot_explode():
    bomb = "saturating(" * 50 + "x" + ", 1, 1)" * 50
    with pytest.raises(ParseError, match=f"{MAX_NODES:,}"):
        grown(bomb)
