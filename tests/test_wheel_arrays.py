"""Arrays: one part per element, sums over what the owner lacks, elements picked by name."""

from __future__ import annotations

import time

import pytest

from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.arrays import expand_arrays
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.errors import WheelError
from gearwheel.wheel.graph import evaluation_order, graph
from gearwheel.wheel.parts import Aux, Flow, Parameter, Stock, Wheel
from gearwheel.wheel.read import parse_wheel
from gearwheel.wheel.rules import check_wheel
from gearwheel.wheel.write import dump

REGION, SIZE = ("north", "south"), ("small", "large")


def made(**parts) -> Wheel:
    return Wheel("w", dimension={"region": REGION, "size": SIZE}, **parts)


def shop(total: str = "sum(people)") -> Wheel:
    return made(
        stock={"people": Stock("person", "people_0", ("coming",), by=("region",))},
        flow={"coming": Flow("person/week", "people * pull", by=("region",))},
        aux={"total": Aux("person", total)},
        parameter={"people_0": Parameter("person", 5.0, by=("region",)), "pull": Parameter("1/week", 0.1)},
    )


def test_a_wheel_without_arrays_is_returned_as_it_is():
    plain = Wheel("w", aux={"a": Aux("1", "2")})
    assert expand_arrays(plain) is plain


def test_each_element_becomes_a_part_of_its_own():
    flat = expand_arrays(shop())
    assert set(flat.stock) == {"people[north]", "people[south]"}
    assert flat.stock["people[north]"] == Stock("person", "people_0[north]", ("coming[north]",))
    assert flat.flow["coming[south]"].equation == "people[south] * pull"
    assert set(flat.parameter) == {"people_0[north]", "people_0[south]", "pull"}


def test_sum_adds_what_the_owner_lacks():
    assert expand_arrays(shop()).aux["total"].equation == "people[north] + people[south]"
    assert expand_arrays(shop("people[south] * 2")).aux["total"].equation == "people[south] * 2"


def test_two_dimensions():
    wheel = made(
        stock={"s": Stock("1", "0", by=("region", "size"))},
        aux={"by_size": Aux("1", "sum(s)", by=("size",)), "one": Aux("1", "s[large, north]")},
    )
    flat = expand_arrays(wheel)
    assert len(flat.stock) == 4
    assert flat.aux["by_size[large]"].equation == "s[north, large] + s[south, large]"
    assert flat.aux["one"].equation == "s[north, large]", "elements are picked by name, in any order"


def test_the_flat_wheel_has_a_graph_and_an_order():
    flat = assemble(shop(), None)
    assert ("people[north]", "total") in graph(flat).edges
    assert set(evaluation_order(flat)) == {"coming[north]", "coming[south]", "total"}


@pytest.mark.parametrize(
    ("wheel", "code", "said"),
    [
        (shop("people"), "GW126", "pick an element or sum"),
        (shop("sum(people, people)"), "GW126", "one argument"),
        (made(aux={"a": Aux("1", "1", by=("colour",))}), "GW125", "no dimension"),
        (
            made(stock={"s": Stock("1", "0", ("f",))}, flow={"f": Flow("1", "1", by=("region",))}),
            "GW126",
            "flow 'f' is by 'region'",
        ),
    ],
)
def test_what_cannot_be_expanded_is_told(wheel, code, said):
    with pytest.raises(WheelError) as caught:
        expand_arrays(wheel)
    assert caught.value.problems[0].code == code and said in caught.value.problems[0].message


def test_hostile_sizes_are_refused_quickly():
    begun = time.process_time()
    many = tuple(f"e{i}" for i in range(600))
    dims = {f"d{i}": many for i in range(6)}
    huge = Wheel("w", dimension=dims, stock={"s": Stock("1", "0", by=tuple(dims))})
    parts = {f"s{i}": Stock("1", "0", by=(f"d{i}",)) for i in range(3)}
    product = Wheel("w", dimension=dims, stock=parts, aux={"a": Aux("1", "sum(s0 * s1 * s2)")})
    for wheel in (huge, product):
        with pytest.raises(WheelError):
            expand_arrays(wheel)
    assert time.process_time() - begun < 1


def test_a_long_sum_is_no_tall_tree():
    wheel = Wheel(
        "w",
        dimension={"d": tuple(f"e{i}" for i in range(300))},
        stock={"s": Stock("1", "0", by=("d",))},
        aux={"a": Aux("1", "sum(s)")},
    )
    assert len(evaluation_order(assemble(wheel, None))) == 1


REGIONS = """wheel = { name = "regions", unit = "year", size = "people[north]" }
[dimension]
region = ["north", "south"]
[stock.people]
unit = "person"
start = "100"
inflows = ["born"]
by = ["region"]
[flow.born]
unit = "person/year"
equation = "growth * people"
by = ["region"]
[aux.all]
unit = "person"
equation = "sum(people)"
[parameter.growth]
unit = "1/year"
value = 0.1
by = ["region"]
[parameter."growth[south]"]
belief = { low = 0.2, centre = 0.3, high = 0.4 }
because = "younger"
[stock."people[south]"]
start = "40"
[flow."born[south]"]
equation = "growth * people / 2"
"""


def test_single_elements_have_values_starts_and_equations_of_their_own():
    written = parse_wheel(REGIONS, "r.toml")
    whole = assemble(written, None)
    assert [p for p in check_wheel(whole) if p.severity == "error"] == []
    north, south = whole.parameter["growth[north]"], whole.parameter["growth[south]"]
    assert (north.value, north.belief) == (0.1, None)
    assert (south.value, south.belief.centre, south.unit) == (None, 0.3, "1/year")
    run = spin(build(whole), {}, 1)
    assert run["people[north]"][0].tolist() == pytest.approx([100, 110])
    assert run["people[south]"][0].tolist() == pytest.approx([40, 46])
    assert run["all"][0].tolist() == pytest.approx([140, 156])


def test_elements_of_their_own_survive_being_written():
    written = parse_wheel(REGIONS, "r.toml")
    fresh = parse_wheel(dump(written.changed(text="")))
    assert assemble(fresh, None).parameter == assemble(written, None).parameter
    assert assemble(fresh, None).stock == assemble(written, None).stock
    assert dump(written) == REGIONS


def test_an_element_that_is_in_no_array_is_named_with_its_line():
    for old, new in (('"growth[south]"', '"growth[suoth]"'), ('"growth[south]"', '"gowth[south]"')):
        with pytest.raises(WheelError) as told:
            assemble(parse_wheel(REGIONS.replace(old, new), "r.toml"), None)
        (problem,) = told.value.problems
        assert problem.code == "GW120" and problem.line == 20 and "growth[south]" in problem.hint
    with pytest.raises(WheelError) as told:
        parse_wheel(REGIONS.replace("value = 0.1", "value = [0.1, 0.3]"), "r.toml")
    assert '[parameter."growth[element]"]' in told.value.problems[0].hint


def test_elements_of_a_gears_array_are_adjusted_by_the_wheel():
    gear = parse_wheel(REGIONS.replace(', size = "people[north]"', ""), "gear.toml")
    text = 'wheel = { name = "w", unit = "year" }\n[gear.g]\nuse = "g"\n[parameter."g.growth[ north ]"]\nvalue = 0.5\n'
    whole = assemble(parse_wheel(text, "w.toml"), lambda name, beside: gear)
    assert whole.parameter["g.growth[north]"].value == 0.5
    assert whole.parameter["g.growth[south]"].belief.centre == 0.3
