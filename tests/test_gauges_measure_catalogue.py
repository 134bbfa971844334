"""The catalogue: heads are complete and true to the gear library, and what is wrong with one is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gearwheel.gauges.catalogue import (
    GRAINS,
    Measure,
    catalogue,
    choose,
    fill,
    intermediates,
    read_measure,
    reads,
    steps_for,
)
from gearwheel.wheel.errors import DataError
from gearwheel.wheel.load import as_written
from gearwheel.wheel.units import parse_unit, times

GEARS = Path(__file__).parents[1] / "src" / "gearwheel" / "gears"
HEAD = """-- title = "T"
-- gear = "experience"
-- as = "sum"
-- scale = "log"
-- unit = "order"
-- needs = ["orders"]
-- definition = "d"
-- error = "none"
select * from base.periods
"""
RATIO = re.compile(r"ratio\((.+), (.+)\)")


def unit_of(variable: str):
    gear, _, name = variable.partition(".")
    wheel = as_written(gear, GEARS)
    for kind in (wheel.stock, wheel.flow, wheel.aux, wheel.parameter):
        if name in kind:
            return parse_unit(kind[name].unit)
    raise AssertionError(f"the gear {gear} has no variable {name}")


@pytest.mark.parametrize("one", catalogue().values(), ids=lambda m: m.name)
def test_a_measure_is_in_the_unit_of_the_variable_that_it_measures(one: Measure):
    unit, year = parse_unit(one.unit), parse_unit("year")
    if ratio := RATIO.fullmatch(one.measure):
        assert one.of == ""
        assert unit == times(unit_of(ratio[1]), unit_of(ratio[2]), -1)
    elif one.of:
        of = unit_of(one.of)
        assert unit == (times(of, year) if one.measure == "sum" else of)


@pytest.mark.parametrize("one", catalogue().values(), ids=lambda m: m.name)
def test_a_head_says_what_a_reader_must_know(one: Measure):
    assert one.title and one.definition and one.error
    as_written(one.gear, GEARS)
    assert "{active_days}" in one.definition or "{active_days}" not in one.sql
    if re.search(r"level_known|change_known", one.sql):
        assert "left out until the record is {active_days} days long" in one.definition


def test_names_are_unique_and_stand_ins_stand_in_for_something():
    assert all(one.instead_of in ("", *catalogue()) for one in catalogue().values())
    assert len({one.title for one in catalogue().values() if not one.instead_of}) == len(
        [one for one in catalogue().values() if not one.instead_of]
    )


def test_every_intermediate_is_read_and_stands_after_what_it_reads():
    before: set[str] = set()
    for step in intermediates().values():
        assert set(step.reads) <= before
        before.add(step.name)
    assert {step.name for step in steps_for(catalogue().values())} == before
    assert "{entity}" not in "".join(step.sql for step in intermediates().values())


def test_the_first_view_whose_tables_are_there_is_chosen():
    columns = {"order_lines": {"product_id"}, "offers": set()}
    assert choose({"offers", "order_lines"}, columns, ["selection"])[0]["selection"].name == "selection"
    assert choose({"order_lines"}, columns, ["selection"])[0]["selection"].name == "selection_sold"
    assert choose(set(), {}, ["selection"])[0] == {}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('-- title = "T"\n', "", "title"),
        ('-- gear = "experience"', "-- gear = experience", "Invalid value"),
        ('"order"', '"order"\n-- colour = "red"', "colour"),
        ('"sum"', '"total"', "none of end, mean, sum, ratio"),
        ('"log"', '"ln"', "none of log, logit, abs"),
        ('["orders"]', '["orders.cutsomer_id"]', "cutsomer_id"),
        ('["orders"]', "[]", "needs no table"),
        ("base.periods", "base.perods", "perods"),
    ],
)
def test_a_wrong_head_is_refused_with_the_file(tmp_path, old, new, says):
    file = tmp_path / "mine.sql"
    file.write_text(HEAD)
    assert read_measure(file).name == "mine"
    file.write_text(HEAD.replace(old, new, 1))
    with pytest.raises(DataError, match=f"(?s)mine.sql.*GW460.*{re.escape(says)}"):
        read_measure(file)


def test_placeholders_are_filled_with_checked_values_only():
    assert [fill("{grain}{active_days}", grain, 30) for grain in GRAINS] == ["day30", "week30", "month30"]
    assert reads("select 1 from base.a join base.b on base.a.x = 1") == ("a", "b")
    for grain, days in [("weeks", 30), (None, 30), ("week", 0), ("week", 1.5), ("week", "30 or 1"), ("week", 10**6)]:
        with pytest.raises(DataError, match="GW461"):
            fill("", grain, days)
