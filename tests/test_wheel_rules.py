"""Every rule: a good wheel passes, and a wheel that breaks one thing is told exactly that."""

from __future__ import annotations

import inspect
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.cycles import cycles_through
from gearwheel.wheel.graph import Graph
from gearwheel.wheel.load import load
from gearwheel.wheel.parts import Aux, Belief, Flow, Gauge, Link, Parameter, Stock, Wheel
from gearwheel.wheel.read import parse_wheel
from gearwheel.wheel.rules import RULES, check_wheel

WHEELS = Path(__file__).parent / "wheels"

GOOD = """wheel = { name = "w", unit = "week", dt = 0.5, size = "people", outcomes = ["sales"] }

[stock.people]
unit = "person"
start = "people_0"
inflows = ["coming"]
outflows = ["going"]
noise = "unrest"

[flow.coming]
unit = "person/week"
equation = "arrivals * elastic(happiness, 1, warmth) * talk"

[flow.going]
unit = "person/week"
equation = "people / stay"

[aux.sales]
unit = "USD/week"
equation = "people * spend"

[aux.happiness]
unit = "1"
equation = "habit(people / people_0, 4) + lookup(season, time)"

[aux.talk]
unit = "1"
equation = "(people / people_0) ^ 0.5"

[lookup.season]
x = [0, 10, 52]
y = [0, 1, 0]

[parameter.people_0]
unit = "person"
value = 100

[parameter.arrivals]
unit = "person/week"
value = 5

[parameter.spend]
unit = "USD/(person*week)"
value = 3

[parameter.stay]
unit = "week"
belief = { low = 10, centre = 20, high = 40, shape = "lognormal" }
because = "guess"

[parameter.warmth]
belief = { low = 0, centre = 0.3, high = 0.9 }
because = "guess"

[parameter.unrest]
value = 0.02

[link.warmth]
from = "happiness"
to = "coming"
polarity = "+"
strength = "warmth"
because = "the happy bring friends"

[loop.R1]
title = "Warmth"
through = ["people", "happiness", "coming"]

[lever.spending]
of = "spend"
limits = [1, 5]
ramp = 0.5
cost = "sales * 0.01"
history = [[2023-01-01, 2], [2023-06-01, 3]]

[evidence.discount]
lever = "spending"
control = 3
treated = 4
starts = 2024-03-04
ends = 2024-04-01
metric = "sales"
estimate = 0.2
error = 0.1
because = "by region"

[evidence.survey]
of = "warmth"
estimate = 0.4
error = 0.3
design = "observational"
widen = 3
because = "a survey"

[shock.fair]
on = "sales"
dates = [2024-05-04]
belief = { low = 0, centre = 0.2, high = 0.4 }
because = "guess"

[gauge.sales]
of = "sales"
as = "sum"
unit = "USD"
"""

# code, what is replaced, by what, and what the message and the hint then say
BROKEN = [
    ("GW201", '"people * spend"', '"people * spent"', "uses 'spent', which does not exist", "Did you mean 'spend'?"),
    ("GW201", "start = \"people_0\"", "start = \"person_0\"", "the start of stock 'people'", "'people_0'"),
    ("GW201", 'noise = "unrest"', 'noise = "unret"', "the noise of stock 'people'", "'unrest'"),
    ("GW201", '"sales * 0.01"', '"sale * 0.01"', "the cost of lever 'spending'", "'sales'"),
    ("GW201", "lookup(season", "lookup(saeson", "there is no such lookup", "'season'"),
    ("GW201", "lookup(season, time)", "season", "as if it were a number", "lookup(season, …)"),
    ("GW203", '"people * spend"', '"log(people / people_0) * spend * people_0"', "'log', which is no function", "ln(x)"),
    ("GW203", '"people * spend"', '"sqr(people) * spend"', "'sqr', which is no function", "sqrt"),
    ("GW203", "elastic(happiness, 1, warmth)", "elastic(happiness, warmth)", "2 arguments, not 3", "elastic(x, x0, e)"),
    ("GW203", '"people * spend"', '"max(people) * spend"', "1 arguments, not 2 to 8", ""),
    ("GW203", '"people * spend"', '"sum(people) * spend"', "sums what is not an array", "by ="),
    ("GW203", "lookup(season, time)", "lookup(season, time) * lookup(1, time)", "is the name of a lookup", ""),
    ("GW226", 'on = "sales"', 'on = "sale"', "which is no flow or auxiliary", "Did you mean 'sales'?"),
    ("GW227", 'lever = "spending"', 'lever = "spendin"', "which is no lever", "Did you mean 'spending'?"),
    ("GW227", 'metric = "sales"', 'metric = "sale"', "which is no variable", "Did you mean 'sales'?"),
    ("GW227", "treated = 4", "treated = 3", "does not compare two settings", "control and treated"),
    ("GW227", "treated = 4", "treated = 40", "outside its limits 1 to 5", "widen the limits"),
    ("GW227", "starts = 2024-03-04", "starts = 2023-03-04", "before the wheel", "Start the wheel earlier"),
    ("GW227", "starts = 2024-03-04", "starts = 2024-05-04", "not after its start", "first day after"),
    ("GW227", "starts = 2024-03-04\n", "", "does not say when it was", "starts and ends"),
    ("GW227", "ends = 2024-04-01", "ends = 2024-03-05", "shorter than one time step", "Shorten dt"),
    ("GW227", "error = 0.1\nb", "error = 0\nb", "has no error above 0", "standard error"),
    ("GW227", "error = 0.1\nb", "b", "has no error above 0", "standard error"),
    ("GW227", "estimate = 0.2\nerror = 0.1\nb", "b", "has no estimate", "the fact that fills them"),
    ("GW227", 'of = "warmth"', 'of = "warmt"', "which is no parameter", "Did you mean 'warmth'?"),
    ("GW227", 'of = "warmth"', 'of = "spend"', "which is fixed", "give the parameter one"),
    ("GW227", 'of = "warmth"\n', "", "does not say of what it is", "of = a parameter"),
    ("GW227", 'of = "warmth"', 'of = "warmth"\nlever = "spending"', "of a parameter and of a lever", ""),
    ("GW227", "widen = 3", "widen = 0.5", "widened by 0.5", "At least 1"),
    ("GW227", '"observational"', '"observed"', "the design 'observed'", "observational"),
    ("GW306", 'because = "a survey"\n', "", "gives no source", "who measured it"),
    ("GW306", 'because = "a survey"', 'because = "guess"', "the source of the belief", "counts twice"),
    ("GW202", '"people * spend"', '"people * spend + 0 * sales"', "sales -> sales", "needs a stock"),
    ("GW222", "start = \"people_0\"", "start = \"people_0 * talk\"", "start values need each other", "Start 'people' at"),
    ("GW204", '"people * spend"', '"people + spend"', "adds USD/(person*week) to person", ""),
    ("GW204", '"people * spend"', '"people * spend * stay"', "declared in USD/week, and its equation gives USD", ""),
    ("GW204", '"(people / people_0) ^ 0.5"', '"people ^ warmth / people_0 ^ warmth"', "to a power that may vary", ""),
    ("GW204", '"sales * 0.01"', '"sales + people"', "the cost of lever 'spending' adds person", ""),
    ("GW205", 'unit = "USD/week"', 'unit = "USD per week"', "is not a unit", "USD/order"),
    ("GW206", 'unit = "person/week"\nequation = "people / stay"', 'unit = "person"\nequation = "people / stay * dt"', "stock 'people' needs person/week", "time unit is the week"),
    ("GW207", 'start = "people_0"', 'start = "people_0 / stay"', "starts at 'people_0 / stay' in person/week", ""),
    ("GW208", "dt = 0.5", "dt = -0.5", "dt = -0.5 is a negative step", "dt counts weeks"),
    ("GW208", "dt = 0.5", "dt = 0", "no step at all", ""),
    ("GW208", "dt = 0.5", "dt = nan", "not a number", ""),
    ("GW208", "dt = 0.5", "dt = 1000", "longer than the horizon", "Shorten"),
    ("GW208", "dt = 0.5", "dt = 1e-9", "steps", "Lengthen"),
    ("GW208", "dt = 0.5", "dt = 0.5, horizon = -1", "horizon = -1", ""),
    ("GW209", 'size = "people"', 'size = "sales"', "size is 'sales', which is not a stock", ""),
    ("GW209", 'size = "people"', 'size = "peple"', "size is 'peple', which does not exist", "'people'"),
    ("GW225", 'outcomes = ["sales"]', 'outcomes = ["sales"], push = ["peple"]', "'peple'", "'people'"),
    ("GW224", 'outcomes = ["sales"]', 'outcomes = ["sale"]', "outcome 'sale'", "'sales'"),
    ("GW210", 'inflows = ["coming"]', 'inflows = ["coming", "sales"]', "'sales', which is not a flow", ""),
    ("GW210", 'inflows = ["coming"]', 'inflows = ["coming", "cming"]', "'cming', which does not exist", "'coming'"),
    ("GW210", 'inflows = ["coming"]', 'inflows = ["coming", "coming"]', "'coming' 2 times", ""),
    ("GW223", 'noise = "unrest"', 'noise = "unrest * sales / sales"', "depends on 'sales', a variable", ""),
    ("GW223", 'noise = "unrest"', 'noise = "unrest"\nscale = "root"', "the scale 'root'", "abs"),
    ("GW223", "value = 100", "value = 0", "starts at people_0, which has no logarithm", "abs"),
    ("GW211", "low = 10, centre = 20", "low = 30, centre = 20", "out of order: 30, 20, 40", "low < centre < high"),
    ("GW211", "low = 10, centre = 20", "low = -10, centre = 20", "lognormal and reaches -10", "above 0"),
    ("GW211", "high = 0.9", "high = inf", "not finite", ""),
    ("GW211", 'shape = "lognormal"', 'shape = "gamma"', "the shape 'gamma'", "normal, lognormal"),
    ("GW212", "value = 0.02", "value = nan", "not a number", ""),
    ("GW213", 'from = "happiness"', 'from = "sales"', "does not contain 'sales'", "is turned by happiness, talk"),
    ("GW213", 'from = "happiness"', 'from = "hapiness"', "'hapiness', which is no variable", "'happiness'"),
    ("GW214", 'strength = "warmth"', 'strength = "warmt"', "'warmt', which is no parameter", "'warmth'"),
    ("GW214", 'strength = "warmth"', 'strength = "stay"', "not in the equation of 'coming'", "arrivals, warmth"),
    ("GW215", 'polarity = "+"', 'polarity = "plus"', "the polarity 'plus'", '"+", "-", "open"'),
    ("GW215", 'polarity = "+"', 'polarity = "+"\nno_effect_band = -1', "no_effect_band of -1", "0 or more"),
    ("GW215", 'polarity = "+"', 'polarity = "+"\nneutral = nan', "neutral value", ""),
    ("GW215", "[loop.R1]", '[link.twin]\nfrom = "happiness"\nto = "coming"\nstrength = "warmth"\nbecause = "x"\n[loop.R1]', "claim the same", "Keep one"),
    ("GW216", '"happiness", "coming"]', '"sales", "coming"]', "does not close", "Nothing leads from 'sales' to 'coming'"),
    ("GW216", '"happiness", "coming"]', '"coming", "happiness"]', "does not close", "order"),
    ("GW216", '"happiness", "coming"]', '"happyness", "coming"]', "'happyness', which is no variable", "'happiness'"),
    ("GW216", '"happiness", "coming"]', '"coming", "people"]', "names a stop twice", ""),
    ("GW217", 'of = "spend"', 'of = "sales"', "sets 'sales', which is no parameter", ""),
    ("GW217", "limits = [1, 5]", "limits = [5, 1]", "limits 5 to 1", "lower one first"),
    ("GW217", "limits = [1, 5]", "limits = [1, 2.5]", "'spend' is 3", "Widen"),
    ("GW217", "ramp = 0.5", "ramp = 0", "a ramp of 0", "above 0"),
    ("GW217", "2023-01-01", "2023-09-01", "not in order of time", "earliest first"),
    ("GW217", "2023-01-01, 2", "2023-01-01, 9", "was 9 on 2023-01-01, outside its limits", "widen"),
    ("GW217", "[gauge.sales]", '[lever.twin]\nof = "spend"\nlimits = [1, 5]\n[gauge.sales]', "both set 'spend'", ""),
    ("GW218", 'of = "sales"', 'of = "sale"', "reads 'sale', which is no variable", "'sales'"),
    ("GW218", 'as = "sum"\nunit = "USD"', 'as = "ratio(sales, peeple)"', "reads 'peeple'", "'people'"),
    ("GW218", 'as = "sum"', 'as = "sum"\nscale = "ln"', "the scale 'ln'", "log, logit, abs"),
    ("GW218", 'as = "sum"', 'as = "sum"\nerror = 0', "an error of 0", "above 0"),
    ("GW218", 'as = "sum"', 'as = "sum"\nseason = 52', "52 seasons with a level each", "harmonics = 2"),
    ("GW218", 'as = "sum"', 'as = "sum"\nseason = 4\nharmonics = 3', "3 harmonics", "Up to half"),
    ("GW218", 'as = "sum"', 'as = "sum"\nseason = 4\nseason_sd = 0', "believes its season to 0", "0.1 is usual"),
    ("GW218", 'as = "sum"', 'as = "sum"\nseason = 365\nharmonics = 2', "shorter than one time step", "Shorten dt"),
    ("GW228", "dt = 0.5", "dt = 0.5, hold_back = -1", "cannot keep back -1 periods", "A whole number"),
    ("GW228", "dt = 0.5", "dt = 0.5, hold_back = 8, split = 2025-01-01", "both split and hold_back", "Keep one"),
    ("GW218", 'as = "sum"', 'as = "sum"\nseason = 1', "1 seasons", ""),
    ("GW218", 'as = "sum"', 'as = "trailing(0 week)"', "trails over no time", "trailing(12 month)"),
    ("GW219", 'as = "sum"', 'as = "mean"', "is in USD, and mean of 'sales' is in USD/week", ""),
    ("GW219", 'unit = "USD"\n', 'unit = "USD/week"\n', "sum of 'sales' is in USD", "loses its 'per time'"),
    ("GW220", "x = [0, 10, 52]", "x = [0, 10]", "2 x and 3 y", "Give each x"),
    ("GW220", "x = [0, 10, 52]", "x = [0, 52, 10]", "do not rise", "Sort"),
    ("GW220", "y = [0, 1, 0]", "y = [0, inf, 0]", "not finite", ""),
    ("GW220", "x = [0, 10, 52]\ny = [0, 1, 0]", "x = [0]\ny = [0]", "1 points", "two"),
    ("GW221", "[gauge.sales]", '[parameter.sales]\nunit = "USD/week"\nvalue = 1\n[gauge.sales]', "'sales' names two things: aux and parameter", "rename"),
    ("GW221", "[gauge.sales]", '[aux.time]\nunit = "week"\nequation = "stay"\n[gauge.sales]', "cannot be the name", ""),
    ("GW301", "[gauge.sales]", '[flow.idle]\nunit = "person/week"\nequation = "people / stay"\n[gauge.sales]', "no stock has the flow 'idle'", "aux"),
    ("GW302", "[gauge.sales]", "[parameter.idle]\nvalue = 1\n[gauge.sales]", "no equation uses the parameter 'idle'", ""),
    ("GW302", "[gauge.sales]", "[lookup.idle]\nx = [0, 1]\ny = [0, 1]\n[gauge.sales]", "the lookup 'idle'", ""),
    ("GW303", 'shape = "lognormal" }\nbecause = "guess"', 'shape = "lognormal" }', "the belief about 'stay'", "because"),
    ("GW218", 'as = "sum"', 'as = "sum"\nceiling = 0\nceiling_source = "a count"', "cannot exceed 0", "above 0"),
    ("GW218", 'as = "sum"', 'as = "sum"\nceiling = inf\nceiling_source = "a count"', "cannot exceed inf", "above 0"),
    ("GW218", 'as = "sum"', 'as = "sum"\nscale = "logit"\nceiling = 100\nceiling_source = "a count"', "cannot exceed 100", "below 1"),
    ("GW320", 'as = "sum"', 'as = "sum"\nceiling = 9', "the ceiling of gauge 'sales' gives no source", "ceiling_source"),
    ("GW320", 'as = "sum"', 'as = "sum"\nceiling_source = "a count"', "no ceiling", "gauge's unit"),
    ("GW304", 'because = "the happy bring friends"\n', "", "link 'warmth' (happiness -> coming)", "because"),
]  # fmt: skip


def checked(text: str):
    return check_wheel(assemble(parse_wheel(text, "w.toml"), None))


def test_a_good_wheel_has_no_problems():
    assert checked(GOOD) == []
    assert check_wheel(load(str(WHEELS / "corner.toml"), WHEELS / "nothing")) == []


@pytest.mark.parametrize(("code", "old", "new", "said", "hint"), BROKEN)
def test_each_rule_tells_exactly_its_own_slip(code, old, new, said, hint):
    assert GOOD.count(old) == 1, old
    found = checked(GOOD.replace(old, new))
    assert {p.code for p in found} == {code}, found
    problem = next(p for p in found if said in p.message)
    assert hint in problem.hint
    assert problem.file == "w.toml" and problem.line >= 1
    assert problem.severity == ("warning" if code.startswith("GW3") else "error")


def test_the_line_is_where_the_part_stands():
    (problem,) = checked(GOOD.replace('"people * spend"', '"people * spent"'))
    assert GOOD.splitlines()[problem.line - 1] == "[aux.sales]"
    (problem,) = checked(GOOD.replace("dt = 0.5", "dt = -0.5"))
    assert problem.line == 1


def test_a_loop_with_two_equally_short_ways_asks_for_a_stop():
    twin = GOOD.replace('happiness, 1, warmth) * talk"', 'happiness, 1, warmth) * talk * chat"').replace(
        "[lookup.season]", '[aux.chat]\nunit = "1"\nequation = "people / people_0"\n[loop.R2]\ntitle = "x"\nthrough = ["people", "coming"]\n[lookup.season]'
    )  # fmt: skip
    (problem,) = checked(twin)
    assert problem.code == "GW305" and problem.severity == "warning"
    assert "'talk'" in problem.hint and "'chat'" in problem.hint
    assert checked(twin.replace('through = ["people", "coming"]', 'through = ["people", "chat", "coming"]')) == []


def test_parameters_made_in_python_need_one_of_value_and_belief():
    belief = Belief(0, 1, 2)
    for parameter in (Parameter(), Parameter(value=1.0, belief=belief, because="x")):
        found = check_wheel(Wheel("w", aux={"a": Aux("1", "p")}, parameter={"p": parameter}))
        assert [p.code for p in found] == ["GW212"]


def test_equations_made_in_python_are_read_first():
    found = check_wheel(Wheel("w", aux={"a": Aux("1", "1 +"), "b": Aux("1", "nobody")}))
    assert [p.code for p in found] == ["GW200"]


def test_a_gauge_unit_may_be_left_out():
    assert checked(GOOD.replace('unit = "USD"\n', "")) == []


def test_a_link_may_run_through_a_memory():
    text = GOOD.replace(
        "[loop.R1]", '[link.m]\nfrom = "people"\nto = "happiness"\nbecause = "by definition"\n[loop.R1]'
    )
    assert checked(text) == []


def test_units_survive_a_memory():
    slow = GOOD.replace("habit(people / people_0, 4)", "habit(people, 4)")
    (problem,) = checked(slow)
    assert problem.message == "aux 'happiness' is declared in 1, and its equation gives person"
    assert checked(GOOD.replace("habit(people / people_0, 4)", "habit(people, 4) / people_0")) == []


def test_local_names_are_suggested_with_their_gear():
    files = {"shop": 'wheel = { name = "s" }\n[stock.visitors]\nunit = "1"\nstart = 1\n'}
    text = 'wheel = { name = "w" }\n[gear.shop]\nuse = "shop"\n[aux.a]\nunit = "1"\nequation = "visitors + visitos"\n'
    whole = assemble(parse_wheel(text, "w.toml"), lambda name, beside: parse_wheel(files[name], name))
    assert [p.hint for p in check_wheel(whole)] == ["Did you mean 'shop.visitors'?"] * 2


def test_every_rule_has_a_code_of_its_own_says_why_and_is_tested():
    codes = [rule.CODE for rule in RULES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"GW[23]\d\d", code) for code in codes)
    assert all(rule.__doc__ and len(rule.__doc__.split()) > 6 for rule in RULES)
    assert all(inspect.isgeneratorfunction(rule.check) for rule in RULES)
    assert set(codes) - {code for code, *_ in BROKEN} == {"GW200", "GW229", "GW230", "GW231", "GW305", "GW307"}, (
        "these have their own tests"
    )


names = st.sampled_from(["people", "coming", "going", "sales", "talk", "nobody", "spend", "time"])
junk = st.sampled_from(["people", "1 +", "f(x)", "sales / people", "nobody ^ 2", "lookup(people, 1)", "", "people[a]"])


@given(names, junk, names, names, junk)
def test_no_rule_crashes_on_a_broken_wheel(flow, equation, stop, of, start):
    """Rules must stand on their own: an earlier rule's failure is no excuse."""
    broken = Wheel(
        "w",
        dt=0.0,
        size=stop,
        stock={"people": Stock("a b", start, (flow,), (flow, "going"))},
        flow={"coming": Flow("", equation), "going": Flow("1", "people * talk")},
        aux={"talk": Aux("1/", equation), "sales": Aux("USD", f"{of} + talk")},
        parameter={"spend": Parameter()},
        link={"l": Link(flow, of, strength=stop)},
        gauge={"g": Gauge(of, "odd", over=stop)},
        outcomes=(of,),
    )
    found = check_wheel(broken)
    assert found == check_wheel(broken)
    assert all(p.code and p.message for p in found)


def ring(size: int, width: int) -> Graph:
    """Layers of `width` nodes, each joined with all of the next, in a ring: width^size cycles."""
    nodes = [[f"n{i}_{j}" for j in range(width)] for i in range(size)]
    edges = [(a, b) for i in range(size) for a in nodes[i] for b in nodes[(i + 1) % size]]
    return Graph(tuple(n for layer in nodes for n in layer), tuple(edges))


def test_cycles_come_shortest_first_and_simple():
    chain = ring(6, 1)
    shortcut = Graph(chain.nodes, (*chain.edges, ("n1_0", "n4_0")))
    found = list(cycles_through(shortcut, ["n0_0"]))
    assert [len(c) for c in found] == [4, 6]
    assert list(cycles_through(shortcut, ["n2_0"])) == [("n2_0", "n3_0", "n4_0", "n5_0", "n0_0", "n1_0")]
    assert [len(c) for c in cycles_through(shortcut, ["n0_0", "n3_0"])] == [6]
    assert list(cycles_through(shortcut, ["n3_0", "n2_0", "n1_0"])) == []


def test_the_search_does_not_explode():
    begun = time.process_time()
    dense = ring(30, 8)
    assert len(next(cycles_through(dense, ["n0_0", "n15_3"]))) == 30
    dead_end = Graph((*dense.nodes, "out"), (*dense.edges, ("n7_0", "out")))
    assert list(cycles_through(dead_end, ["n0_0", "out"])) == []
    assert time.process_time() - begun < 2


@given(st.integers(2, 6), st.integers(1, 3), st.data())
def test_every_cycle_found_is_one(size, width, data):
    graph = ring(size, width)
    stops = data.draw(st.lists(st.sampled_from(graph.nodes), min_size=1, max_size=3, unique=True))
    edges = set(graph.edges)
    for _, cycle in zip(range(3), cycles_through(graph, stops)):
        assert len(set(cycle)) == len(cycle)
        assert all(edge in edges for edge in zip(cycle, (*cycle[1:], cycle[0])))
        assert [n for n in cycle if n in stops] == stops


def test_a_history_names_each_day_once():
    assert [p.code for p in checked(GOOD.replace("2023-06-01", "2023-01-01"))] == ["GW217"]


def test_a_fixed_number_may_say_how_unsure_it_is_and_a_belief_need_not():
    wheel = Wheel(
        name="w", size="a", stock={"a": Stock("1", "1")},
        parameter={"k": Parameter(value=1.0, unsure=Belief(0.5, 1.0, 0.4)), "b": Parameter(belief=Belief(0, 1, 2), unsure=Belief(0, 1, 2))},
    )  # fmt: skip
    said = [p.message for p in check_wheel(wheel)]
    assert any("'k' is out of order" in m for m in said) and any(
        "'b' carries a belief and is unsure" in m for m in said
    )
