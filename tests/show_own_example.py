"""Invented results of a business measured from its own events, made of the real values that measuring returns."""

from __future__ import annotations

from datetime import date, timedelta

from gearwheel.gauges.catalogue import catalogue
from gearwheel.gauges.checks import Checked, Finding
from gearwheel.gauges.checks.page import Gear, Page, There
from gearwheel.gauges.facts import Fact
from gearwheel.gauges.measure import Measurement
from gearwheel.gauges.themes import Theme, Themes
from gearwheel.run.store import plain
from show_example import example

WEEKS, BEGIN = 52, date(2023, 1, 2)
QUARTER = 13


def rows(gauge: str, values: list[float], error: float | None, n: int = 100) -> list[Measurement]:
    """Weekly rows, the first in the week of BEGIN."""
    weeks = [BEGIN + timedelta(7 * i) for i in range(len(values))]
    return [Measurement(gauge, w, w + timedelta(7), v, error, n) for w, v in zip(weeks, values)]


def stepped(before: float, after: float) -> list[float]:
    """A year of weeks whose last quarter differs."""
    return [before] * (WEEKS - QUARTER) + [after] * QUARTER


def measured_rows() -> list[Measurement]:
    return [
        *rows("review_score", stepped(4.0, 3.6), 0.02),
        *rows("on_time_share", stepped(0.9, 0.9), 0.1),
        *rows("customers_active", stepped(1000.0, 1100.0), None),
        *rows("orders", stepped(400.0, 500.0), 0.05),
        *rows("complaints_delivery", stepped(0.5, 0.6), 0.05),
        *rows("price_index", stepped(1.0, 1.0), None),
    ]


def definitions() -> dict:
    known = catalogue()
    names = ("review_score", "on_time_share", "customers_active", "orders", "price_index")
    keys = ("title", "gear", "unit", "scale", "definition", "error")
    found = {n: {k: getattr(known[n].filled("week", 90), k) for k in keys} | {"as": known[n].measure} for n in names}
    spoken = {"title": "Complaints about delivery", "gear": "experience", "unit": "1", "scale": "logit", "as": "mean"}
    return found | {"complaints_delivery": {**spoken, "definition": "share of complaints", "error": "binomial"}}


def checked() -> Checked:
    finding = Finding(
        "GW457", "warning", "orders", "order_id", 7, 0.01, "a1", "7 rows of 700 (1.0 %): no line", "cut off?"
    )
    note = Finding("GW482", "note", "orders", "placed_at", 3, 0.01, "2024-01-01", "the record ends in a week")
    orders = There(
        "orders", "Orders", 20_000, "2023-01-02", "2023-12-31", {"order_id": 0.0, "status": 0.25}, ("is_test",)
    )
    lines = There("order_lines", "Order lines", 31_000, "", "", {"price": 0.0}, ("unit_cost", "shipping_cost"))
    reviews = There("reviews", "Reviews", 9_000, "2023-01-09", "2024-02-01", {"text": 0.5}, ())
    deliveries = There("deliveries", "Deliveries", 19_000, "2023-01-05", "2024-01-09", {}, ())
    gears = (
        Gear(
            "experience",
            ("customers_active", "orders", "review_score"),
            {"visits": "no visits"},
            ("experience.customers",),
            ("visits",),
        ),
        Gear("membership", (), {"members": "the source has no memberships"}, (), ("memberships",)),
        Gear("costs", ("price_index",), {}, (), ("costs",)),
    )
    missing = ("contacts", "returns", "memberships", "visits", "costs", "experiments")
    page = Page((orders, lines, reviews, deliveries), missing, {"EUR": 1.0}, gears)
    return Checked((finding, note), page)


def all_facts() -> list[Fact]:
    how, caveat = "order by order, within seller and week", "late orders may be heavier"
    return [
        Fact("late_delivery_review", "Loss of score", "experience.price_pull", 0.0131, 0.0012, 5000, "log per day", how, caveat),
        Fact("review_repeat", "Score and leaving", "experience.lost_per_year", 0.01, 0.02, 4000, "elasticity", how, caveat),
        Fact("repeat_share", "Come back", "", 0.04, 0.002, 9000, "share", how, caveat),
        Fact("repeat_after_repeat", "Again", "", 0.7, 0.1, 300, "log", how, caveat, bound="upper"),
        Fact("member_frequency", "Members", "membership.uplift", None, None, 0, "log", "", "the source has no memberships"),
    ]  # fmt: skip


def themes() -> Themes:
    theme = Theme(("late", "waiting"), "delivery", 120, 0.2, 0.55, 1.8, ("it never came, call [telephone]",))
    other = Theme(("broken", "quality"), "quality", 60, 0.1, 0.25, 2.1, ())
    families = {"delivery": 0.55, "quality": 0.25, "price": 0.1, "service": 0.05, "other": 0.05}
    return Themes((theme, other), 600, 240, "complaints", families)


def customers() -> dict:
    span = lambda m, r=0.1: {"median": m, "low": m * (1 - r), "high": m * (1 + r)}  # noqa: E731
    return {
        "model": "MBG/NBD", "persons": 8000, "once": 0.9, "until": "2023-12-31", "k_hat": 0.3,
        "parameters": {"r": span(0.5), "alpha": span(9.0), "a": span(1.0), "b": span(2.0)},
        "alive": span(0.25), "orders_next_year": span(1200.0), "value_next_year": span(60_000.0),
        "spend": {"model": "Gamma-Gamma", "each": None, "reason": ""},
        "orders_of_a_newcomer": span(0.2), "discount": 0.1,
        "renewals": [{"number": 1, "due": 120, "share": 0.7, "low": 0.63, "median": 0.7, "high": 0.76}],
        "tested": {"since": "2023-10-20", "predicted": span(300.0), "came": 310},
    }  # fmt: skip


def experiment() -> dict:
    return {
        "name": "cheaper", "lever": "price", "control_value": 1.0, "treated_value": 0.95, "unit": "customer",
        "share_exposed": 0.5, "metric": "orders per customer", "scale": "log", "effect": 0.08, "se": 0.02,
        "design": "experiment", "starts_at": "2023-05-01", "ends_at": "2023-07-01",
    }  # fmt: skip


def events() -> dict:
    """The `events` part."""
    return plain(
        {
            "source": {"adapter": "tidy shop", "at": "../exports", "currency": "EUR"},
            "grain": "week",
            "active_days": 90,
            "hash": "ab12",
            "gauges": definitions(),
            "rows": measured_rows(),
            "left_out": {"members": "the source has no memberships"},
            "notes": ["2024-01-01 to 2024-01-08: left out; the record ends inside this period"],
            "page": checked(),
            "facts": {fact.name: fact for fact in all_facts()},
            "themes": {"reviews": themes()},
            "customers": customers(),
            "experiments": [experiment()],
        }
    )


def own_example() -> dict:
    """The whole dict, fresh each time so that a test may spoil it."""
    made = {**example(), "events": events()}
    made["wheel"]["gears"]["membership"]["measured_by"] = []  # as the page of the source says
    return made
