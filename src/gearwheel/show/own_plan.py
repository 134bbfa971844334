"""The six steps of the guide: which gauges, loops, links and tables answer each of them for one's own business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gearwheel.show.own_data import COMPLAINTS
from gearwheel.show.values import listing, loop_name, loop_tag, mapping, words_of


class Step(NamedTuple):
    """`question` is what it asks, `gauges` are by importance, `tables` (or table.columns) have the gauges that answer it."""

    name: str
    question: str
    gauges: tuple[str, ...]
    links: tuple[str, ...]
    loops: tuple[str, ...]
    gears: tuple[str, ...]  # whose other links and levers belong here
    tables: tuple[str, ...]


PLAN = (
    Step(
        "Customer-centric",
        "what do customers answer to?",
        ("review_score", "on_time_share", "days_delivered", "return_rate", "contacts_per_order", "days_promised"),
        ("experience.delight", "experience.delivery", "experience.strain", "experience.data", "experience.choice", "experience.price"),
        ("R7", "R9", "R11", "strain"),
        ("experience",),
        ("reviews", "deliveries", "contacts", "returns"),
    ),
    Step(
        "Sustainable growth",
        "does growth feed itself, or is it bought?",
        ("customers_active", "orders", "sales_value", "customers_joined", "customers_new", "sellers_active", "sellers_joined", "selection", "visits", "cost_advertising"),
        ("experience.advertising",),
        ("R1", "R2", "R10", "market", "crowding", "reinvestment"),
        ("marketplace", "cloud"),
        ("visits", "offers", "sellers"),
    ),
    Step(
        "Loyalty",
        "what holds customers, and how firmly?",
        ("repeat_rate", "orders_repeat", "orders_per_customer", "customers_lost", "customers_returning", "members", "member_share", "member_frequency", "nonmember_frequency", "fee_income"),
        ("experience.habit", "experience.habit_hold", "experience.loyalty"),
        ("R5", "R6", "R8", "habit"),
        ("membership",),
        ("memberships",),
    ),
    Step(
        "Cost optimisation",
        "does volume lower cost, and does cost reach the price?",
        ("price_index", "basket", "unit_logistics_cost", "shipping_per_order", "freight_per_order", "goods_cost_share", "cost_overhead", "cost_fulfilment", "return_cost", "take_rate"),
        (),
        ("R3", "R4"),
        ("costs", "procurement", "fulfilment"),
        ("costs", "order_lines.unit_cost", "order_lines.shipping_cost"),
    ),
    Step(
        "Adaptability and innovation",
        "what is worth trying next?",
        ("selection", "sellers_new", "third_party_share"),
        (),
        (),
        (),
        ("experiments",),
    ),
    Step(
        "Data-driven decisions",
        "how much of the answer is data?",
        (),
        (),
        (),
        (),
        (),
    ),
)  # fmt: skip

_LOOP_STEP = {tag: i for i, step in enumerate(PLAN) for tag in step.loops}
_LINK_STEP = {name: i for i, step in enumerate(PLAN) for name in step.links}
_GEAR_STEP = {gear: i for i, step in enumerate(PLAN) for gear in step.gears}
_GROWTH = 1


def gauges_of(step: Step, readings: Mapping) -> list[str]:
    """The measured gauges that answer the step; what customers write belongs to the first."""
    written = [g for g in readings if g.startswith(COMPLAINTS) and g not in step.gauges] if step is PLAN[0] else []
    return [g for g in step.gauges if g in readings] + written


def links_of(step: Step, results: dict) -> list[Mapping]:
    """The links of the step: by name, else by the gear that names them, so that every link is in one step."""
    links = mapping(results.get("links")).items()
    return [mapping(v) for n, v in links if mapping(v) and PLAN[_place(str(n), _LINK_STEP)] is step]


def loops_of(step: Step, results: dict) -> list[Mapping]:
    """The named loops of the step: by name, else by their gear."""
    loops = [one for one in map(mapping, listing(results.get("loops"))) if one]
    return [one for one in loops if PLAN[_loop_place(one)] is step]


def levers_of(step: Step, effects: list[Mapping]) -> list[Mapping]:
    """The levers of the step: by their gear; the step of trying things has them all."""
    if step.name == PLAN[4].name:
        return effects
    return [e for e in effects if PLAN[_lever_place(words_of(e.get("lever")))] is step]


def loop_words(loop: Mapping) -> str:
    """The loop's nickname, with its badge where that is a short name of its own."""
    title = words_of(loop.get("title"))
    return title if title and loop_tag(loop) in ("R", "B", "?") else loop_name(loop)


def _place(name: str, known: Mapping[str, int]) -> int:
    return known.get(name, _GEAR_STEP.get(name.partition(".")[0], _GROWTH))


def _loop_place(loop: Mapping) -> int:
    name = words_of(loop.get("name")).rpartition(".")[2]
    return _LOOP_STEP.get(name, _LOOP_STEP.get(loop_tag(loop), _place(words_of(loop.get("name")), {})))


def _lever_place(name: str) -> int:
    named = {"delivery_days": 0, "price": 3}
    return named.get(name, _place(name, {}))
