"""Gears become one wheel: meshed, gated, adjusted, every name final."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.errors import WheelError
from gearwheel.wheel.graph import evaluation_order, graph
from gearwheel.wheel.load import load
from gearwheel.wheel.parts import Aux, Parameter, Stock, Wheel
from gearwheel.wheel.read import parse_wheel

WHEELS = Path(__file__).parent / "wheels"

SOURCE = """wheel = { name = "source" }
[stock.level]
unit = "thing"
start = 1
inflows = ["growing"]
[flow.growing]
unit = "thing/week"
equation = "rate * level"
[parameter.rate]
unit = "1/week"
belief = { low = 0.0, centre = 0.1, high = 0.2 }
because = "guess"
[port.out]
unit = "thing"
of = "level"
neutral = "level_0"
[parameter.level_0]
unit = "thing"
value = 7
[loop.own]
title = "Own"
through = ["level", "growing"]
"""
SINK = """wheel = { name = "sink" }
[aux.seen]
unit = "thing"
equation = "arriving * 2"
[port.arriving]
unit = "thing"
DEFAULT
combine = "COMBINE"
"""


def library(combine: str = "sum", default: str = 'default = "5"'):
    files = {"source": SOURCE, "sink": SINK.replace("DEFAULT", default).replace("COMBINE", combine)}
    return lambda name, beside: parse_wheel(files[name], f"{name}.toml")


def wheel(text: str) -> Wheel:
    return parse_wheel('wheel = { name = "w", start = 2024-01-01 }\n' + text, "w.toml")


ONE = '[gear.a]\nuse = "source"\n[gear.sink]\nuse = "sink"\n'


def problem(text: str, **kinds):
    with pytest.raises(WheelError) as caught:
        assemble(wheel(text), library(**kinds))
    (found,) = caught.value.problems
    assert found.file and found.line
    return found


def test_names_are_final_and_places_remain():
    whole = assemble(wheel(ONE + 'mesh = { arriving = "a.out" }'), library())
    assert whole.gear == {} and whole.port == {}
    assert whole.stock["a.level"].inflows == ("a.growing",)
    assert whole.flow["a.growing"].equation == "a.rate * a.level"
    assert whole.loop["a.own"].through == ("a.level", "a.growing")
    assert (whole.places["flow", "a.growing"].file, whole.places["flow", "a.growing"].line) == ("source.toml", 6)


def test_a_single_mesh_is_an_alias():
    whole = assemble(wheel(ONE + 'mesh = { arriving = "a.out" }'), library())
    assert whole.aux["sink.seen"].equation == "a.level * 2"
    assert "sink.arriving" not in whole.aux
    assert ("a.level", "sink.seen") in graph(whole).edges


def test_an_unmeshed_port_takes_its_default():
    whole = assemble(wheel(ONE), library())
    assert whole.aux["sink.arriving"] == Aux("thing", "5")
    assert whole.aux["sink.seen"].equation == "sink.arriving * 2"


@pytest.mark.parametrize(
    ("combine", "equation"),
    [("sum", "a.level + b.level"), ("product", "a.level * b.level"), ("min", "min(a.level, b.level)")],
)
def test_several_sources_combine(combine, equation):
    text = '[gear.b]\nuse = "source"\n' + ONE + 'mesh = { arriving = ["a.out", "b.out"] }'
    assert assemble(wheel(text), library(combine)).aux["sink.arriving"].equation == equation


def test_a_port_may_mesh_with_a_variable_of_the_wheel_itself():
    text = ONE + 'mesh = { arriving = "extra" }\n[aux.extra]\nunit = "thing"\nequation = "a.level / 2"'
    assert assemble(wheel(text), library()).aux["sink.seen"].equation == "extra * 2"


def test_before_it_opens_a_gear_stands_still_and_turns_nobody():
    text = ONE.replace('"source"\n', '"source"\nopens = 2024-01-15\n') + 'mesh = { arriving = "a.out" }'
    whole = assemble(wheel(text), library())
    assert whole.flow["a.growing"].equation == "if(time >= 2, a.rate * a.level, 0)"
    assert whole.aux["a.out"].equation == "if(time >= 2, a.level, a.level_0)"
    assert whole.aux["sink.seen"].equation == "a.out * 2"
    assert whole.opens == {"a": date(2024, 1, 15)}


def test_the_wheel_file_adjusts_parts_of_its_gears():
    text = ONE + '[parameter."a.rate"]\nvalue = 0.5\n[stock."a.level"]\nstart = "3"\n'
    whole = assemble(wheel(text), library())
    assert whole.parameter["a.rate"].belief is None and whole.parameter["a.rate"].value == 0.5
    assert whole.parameter["a.rate"].unit == "1/week", "what is not adjusted stays"
    assert whole.stock["a.level"].start == "3"
    assert whole.places["parameter", "a.rate"].file == "w.toml", "a problem with it is found where it was adjusted"


def test_a_belief_replaces_a_value():
    text = ONE + '[parameter."a.level_0"]\nbelief = { low = 1, centre = 2, high = 3 }\n'
    changed = assemble(wheel(text), library()).parameter["a.level_0"]
    assert changed.value is None and changed.belief.centre == 2


@pytest.mark.parametrize(
    ("text", "code", "said", "hint"),
    [
        ('mesh = { ariving = "a.out" }', "GW121", "no in-port 'ariving'", "'arriving'"),
        ('mesh = { arriving = "b.out" }', "GW123", "no gear 'b'", ""),
        ('mesh = { arriving = "a.outt" }', "GW123", "does not exist", "'out'"),
        ('mesh = { arriving = "a.growing" }', "GW129", "thing/week", "out-port"),
        ('[parameter."a.raet"]\nvalue = 1', "GW120", "no parameter 'raet'", "'rate'"),
        ('[aux.bad]\nunit = "1"\nequation = "1 +"', "GW124", "ends too soon", "^"),
        ('[stock.bad]\nunit = "1"\nstart = "smth1(2, 3)"', "GW128", "remembers", "aux of its own"),
    ],
)
def test_what_does_not_mesh_is_told(text, code, said, hint):
    found = problem(ONE + text)
    assert found.code == code and said in found.message and hint in found.hint


def test_a_port_without_default_must_be_meshed():
    found = problem(ONE, default="")
    assert found.code == "GW122" and "'arriving'" in found.message and "arriving =" in found.hint
    assert problem(ONE + "mesh = { arriving = [] }", default="").code == "GW122"


def test_gears_do_not_nest():
    nested = parse_wheel('wheel = { name = "n" }\n[gear.x]\nuse = "source"', "n.toml")
    with pytest.raises(WheelError, match="GW127"):
        assemble(wheel('[gear.n]\nuse = "n"'), lambda name, beside: nested)


def test_an_equation_that_explodes_is_refused():
    bomb = "saturating(" * 50 + "seen" + ", 1, 1)" * 50
    with pytest.raises(WheelError, match="GW124"):
        assemble(Wheel("w", aux={"seen": Aux("1", "2"), "bomb": Aux("1", bomb)}), None)


def test_memories_become_stocks_also_in_arrays():
    made = Wheel(
        "w",
        dimension={"region": ("north", "south")},
        stock={"s": Stock("thing", "1", by=("region",))},
        aux={"slow": Aux("thing", "smth3(s, 6)", by=("region",))},
        parameter={"p": Parameter(value=1.0)},
    )
    whole = assemble(made, None)
    assert len(whole.stock) == 2 * (1 + 3)
    hidden = [n for n, s in whole.stock.items() if s.note == "hidden"]
    assert all(n.endswith(("[north]", "[south]")) for n in hidden)
    assert all(f in whole.flow for n in hidden for f in (*whole.stock[n].inflows, *whole.stock[n].outflows))
    assert len(evaluation_order(whole)) == len(whole.flow) + len(whole.aux)


def test_a_gear_alone_runs_on_the_defaults_of_its_ports():
    whole = assemble(library()("sink", ""), None)
    assert whole.aux["arriving"].equation == "5" and whole.aux["seen"].equation == "arriving * 2"


def test_a_wheel_on_disk_finds_the_gears_beside_it():
    whole = load(str(WHEELS / "corner.toml"), WHEELS / "nothing")
    assert {"shop.customers", "market.sellers"} <= set(whole.stock)
    assert whole.parameter["market.reach"].belief.low == 0.1


def test_evidence_in_a_gear_is_about_the_gear_s_own_lever_and_variable():
    more = """
[lever.arriving]
of = "push"
limits = [0, 2]
[parameter.push]
value = 1
[evidence.trial]
lever = "arriving"
control = 1
treated = 2
metric = "seen"
estimate = 0.1
error = 0.1
because = "a trial"
"""
    sink = parse_wheel(SINK.replace("DEFAULT", 'default = "5"').replace("COMBINE", "sum") + more, "sink.toml")
    whole = assemble(wheel('[gear.b]\nuse = "sink"\n'), lambda *_: sink)
    found = whole.evidence["b.trial"]
    assert (found.lever, found.metric) == ("b.arriving", "b.seen")
    assert whole.places["evidence", "b.trial"].line > 1
