"""The page of what is there, and all checks together."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events_planted import CLEAN, OLIST, clean_events, events_of, olist_queries
from gearwheel.gauges.canonical import tables
from gearwheel.gauges.catalogue import catalogue
from gearwheel.gauges.checks import CHECKS, check_events
from gearwheel.gauges.checks.page import page_of, page_text
from gearwheel.wheel.errors import Cancelled


def test_every_table_is_either_there_or_missing_and_counts_are_those_of_the_tables():
    events = clean_events()
    page = page_of(events)
    assert [table.name for table in page.tables] == [name for name in tables() if name in CLEAN]
    assert {table.name for table in page.tables} | set(page.missing) == set(tables())
    for table in page.tables:
        assert table.rows == events.connection.execute(f"SELECT count(*) FROM events.{table.name}").fetchone()[0]
        assert set(table.nulls) | set(table.missing) == set(tables()[table.name].columns)
        assert set(table.nulls) == events.columns[table.name]
    orders = page.tables[0]
    assert (orders.first, orders.last) == ("2023-01-02", "2024-02-25")


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 97))
def test_the_share_of_null_is_that_of_the_rows(part):
    events = events_of({name: CLEAN[name] for name in ("orders", "order_lines")})
    events.run(f"UPDATE events.orders SET status = NULL WHERE hash(order_id) % 97 < {part}")
    null, total = events.connection.execute(
        "SELECT count(*) FILTER (status IS NULL), count(*) FROM events.orders"
    ).fetchone()
    assert page_of(events).tables[0].nulls["status"] == pytest.approx(null / total, abs=1e-12)


def test_currencies_are_shares_and_the_mapping_fills_in():
    events = clean_events(currency="BRL").run("UPDATE events.orders SET currency = NULL WHERE hash(order_id) % 4 = 0")
    currencies = page_of(events).currencies
    assert list(currencies) == ["EUR", "BRL"] and sum(currencies.values()) == pytest.approx(1)


def test_each_gauge_is_possible_or_left_out_with_what_it_lacks():
    """Orders and lines alone: every gear says what it measures or what the source lacks."""
    bare = {
        gear.name: gear for gear in page_of(events_of({name: CLEAN[name] for name in ("orders", "order_lines")})).gears
    }
    full = {gear.name: gear for gear in page_of(clean_events()).gears}
    assert bare.keys() == full.keys() >= {"experience", "marketplace", "fulfilment", "membership", "cloud", "costs"}
    gauges = [gauge for gear in bare.values() for gauge in (*gear.possible, *gear.left_out)]
    assert sorted(gauges) == sorted({measure.gauge for measure in catalogue().values() if measure.gear})
    assert "experience.customers" in bare["experience"].measured
    assert "stays on beliefs" not in bare["experience"].why
    for gear in bare.values():
        assert bool(gear.left_out) == bool(gear.wanted)
        assert set(gear.possible) <= set(full[gear.name].possible)
        assert gear.measured or "stays on beliefs" in gear.why
    # a gear with a gauge of its own that needs a table stays on beliefs without it, and the table is named
    assert "deliveries" in " ".join(bare["fulfilment"].wanted) and "deliveries" in bare["fulfilment"].why


def test_findings_come_worst_first_and_progress_may_cancel():
    events = clean_events().run(
        "UPDATE events.orders SET is_test = TRUE, currency = 'USD' WHERE hash(order_id) % 300 = 0"
    )
    told = []
    checked = check_events(events, lambda *step: told.append(step))
    assert [finding.severity for finding in checked.findings] == ["error", "note"]
    assert checked.of("error") == checked.findings[:1]
    assert [done for _, done, _, _ in told] == list(range(len(CHECKS) + 2)) and told[-1][2] == len(CHECKS) + 1

    def stop(*_):
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        check_events(events, stop)


def test_the_source_is_not_changed():
    events = clean_events()

    def fingerprint():
        return [
            events.connection.execute(f"SELECT count(*), bit_xor(hash(t)) FROM events.{name} AS t").fetchone()
            for name in tables()
        ]

    before = fingerprint()
    check_events(events)
    assert fingerprint() == before


def test_the_text_names_what_is_missing_and_every_gear():
    text = page_text(page_of(clean_events()))
    assert "contacts" in text.split("What is missing")[1]
    assert "Orders: " in text and "Money: EUR 100.0 %" in text
    for gear in ("membership", "procurement", "cloud"):
        assert f"  {gear}: " in text


def test_the_checks_start_light():
    code = "import sys, gearwheel.gauges.checks; print([m for m in ('duckdb', 'numpy', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not OLIST.is_dir(), reason="the shared data are not here")
def test_olist_has_neither_visits_nor_costs_and_says_so():
    page = page_of(events_of(olist_queries(OLIST), time_zone="America/Sao_Paulo", currency="BRL"))
    there = {table.name: table for table in page.tables}
    assert (there["orders"].rows, there["order_lines"].rows, there["reviews"].rows) == (59427, 67114, 59373)
    assert {"visits", "costs", "memberships", "hosting"} <= set(page.missing)
    assert dict(page.currencies) == {"BRL": 1.0}
    assert 0.5 < there["reviews"].nulls["text"] < 0.65
    gears = {gear.name: gear for gear in page.gears}
    assert gears["experience"].measured and gears["marketplace"].measured and gears["fulfilment"].measured
    assert "stays on beliefs" in gears["membership"].why and "stays on beliefs" in gears["cloud"].why
