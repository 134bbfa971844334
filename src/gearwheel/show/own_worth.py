"""The card "What a customer is worth": who is still a customer, what they will buy, and a test of that."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from gearwheel.show import tables
from gearwheel.show.cards import card, paragraphs
from gearwheel.show.figures import amount, between, number, percent
from gearwheel.show.own_data import events_of
from gearwheel.show.phrases import interval
from gearwheel.show.values import Span, at, listing, mapping, real, span, words_of

MEANINGS = {
    "r": "how alike customers are in how often they buy (small: very unlike)",
    "alpha": "with r: the mean time between orders of a live customer, alpha / r",
    "a": "with b: the chance of stopping after an order, a / (a + b)",
    "b": "see a",
}


def worth_card(results: dict) -> str:
    customers = mapping(events_of(results).get("customers"))
    body = _numbers(results, customers) + paragraphs(spend(results)) + paragraphs(tested(customers))
    body += _parameters(customers)
    return card("worth", "What a customer is worth", worth(results), body, "worth")


def worth(results: dict) -> str:
    """How many are still customers, and what they will order."""
    customers = mapping(events_of(results).get("customers"))
    alive, orders = span(customers.get("alive")), span(customers.get("orders_next_year"))
    if alive is None or orders is None:
        return f"What a customer is worth is not known: {words_of(customers.get('reason'), 'this run did not compute it').rstrip('.')}."
    persons, once = real(customers.get("persons")), real(customers.get("once"))
    bought = f", of whom {percent(once)} bought once," if once is not None else ""
    said = f"Of {number(persons)} customers{bought} {percent(alive.median)} are still customers ({interval(alive, percent)}); "
    return (
        said
        + f"in the next year they are expected to place {number(orders.median)} orders ({interval(orders, number)}).{_each(results, customers)}{_failed(customers)}"
    )


def _each(results: dict, customers: Mapping) -> str:
    worth_of = span(customers.get("value_next_year"))
    persons = real(customers.get("persons"))
    if worth_of is None or not persons:
        return ""
    money = _money(results)
    each = Span(*(None if v is None else v / persons for v in worth_of))
    return f" That is {amount(worth_of.median, money)} of sales, {amount(each.median, money)} for each person ever won."


def spend(results: dict) -> str:
    """Where no model of spend stands behind the value: why, or that there is one price; else ""."""
    about = mapping(at(events_of(results), "customers", "spend"))
    each, reason = real(about.get("each")), words_of(about.get("reason"))
    if each is not None:
        price = amount(each, _money(results))
        return (
            f"Every repeat purchase brought the same, {price}: the sales are that price times the orders, discounted."
        )
    return f"There is no value in money: {reason.rstrip('.')}." if reason else ""


def _money(results: dict) -> str:
    return words_of(at(events_of(results), "source", "currency"))


def _numbers(results: dict, customers: Mapping) -> str:
    money, discount = _money(results), real(customers.get("discount"))
    rate = f"discounted at {percent(discount)} a year" if discount is not None else ""
    lines = (
        ("alive", "Share still customers", percent, ""),
        ("orders_next_year", "Orders of all known customers in the next year", number, "those to come are not in it"),
        ("value_next_year", "Sales from them in the next year", lambda v: amount(v, money), rate),
        (
            "orders_of_a_newcomer",
            "Further orders of a newly won customer in a year",
            lambda v: number(v, 2),
            "after the first order",
        ),
    )
    rows = []
    for key, title, show, small in lines:
        found = span(customers.get(key))
        if found is not None:
            rows.append(
                [
                    tables.cell(title, small=small),
                    tables.cell(show(found.median), "n"),
                    tables.cell(between(found, show), "n"),
                ]
            )
    rows += [
        _renewal(one) for one in map(mapping, listing(customers.get("renewals"))) if real(one.get("share")) is not None
    ]
    heads = [tables.head(""), tables.head("Expected", "n"), tables.head("90 % interval", "n")]
    return tables.table(heads, rows) if rows else ""


def _renewal(one: Mapping) -> list[str]:
    due, share = real(one.get("due")) or 0.0, real(one.get("share"))
    middle = real(one.get("median"))
    found = Span(share if middle is None else middle, real(one.get("low")), real(one.get("high")))
    title = f"Members who renew after period {number(real(one.get('number')))}"
    renewed = f"{number(share * due)} of {amount(due, 'period')} that ended"
    return [
        tables.cell(title, small=renewed),
        tables.cell(percent(found.median), "n"),
        tables.cell(between(found, percent), "n"),
    ]


class Test(NamedTuple):
    """What the model, fitted to the earlier record only, said of the rest, and what came."""

    since: str
    predicted: Span
    came: float

    @property
    def passed(self) -> bool:
        _, low, high = self.predicted
        return low is not None and high is not None and low <= self.came <= high

    @property
    def miss(self) -> float:
        """How far off the middle was, relative to what came."""
        return abs(self.predicted.median - self.came) / abs(self.came) if self.came else math.inf


def test_of(customers: Mapping) -> Test | None:
    about = mapping(customers.get("tested"))
    predicted, came = span(about.get("predicted")), real(about.get("came"))
    if predicted is None or came is None:
        return None
    return Test(words_of(about.get("since"), "its last part"), predicted, came)


def tested(customers: Mapping) -> str:
    """The test in a sentence, "" where there was none."""
    test = test_of(customers)
    if test is None:
        return ""
    return (
        f"Tested: fitted to the record before {test.since}, the model foretold {number(test.predicted.median)} orders of the customers known by then "
        f"({interval(test.predicted, number)}); {number(test.came)} came, {'inside' if test.passed else 'outside'} the interval."
    )


def _failed(customers: Mapping) -> str:
    test = test_of(customers)
    if test is None or test.passed:
        return ""
    way = "few" if test.came > test.predicted.median else "many"
    return f" Tested on a held-back end of the record, the model foretells too {way} orders: {number(test.predicted.median)} where {number(test.came)} came."


def _parameters(customers: Mapping) -> str:
    rows = []
    for name, value in mapping(customers.get("parameters")).items():
        found = span(value)
        if found is not None:
            rows.append(
                [
                    tables.cell(str(name)),
                    tables.cell(number(found.median), "n", between(found, number)),
                    tables.cell(MEANINGS.get(str(name), "")),
                ]
            )
    if not rows:
        return ""
    k = real(customers.get("k_hat"))
    gate = f" k-hat {number(k, 2)}, below 0.7 is good." if k is not None else ""
    model = f"Model: {words_of(customers.get('model'), 'not stated')}.{gate}"
    return f"<details><summary>The customers' model</summary>{paragraphs(model)}{tables.table([tables.head('Parameter'), tables.head('Posterior (90 %)', 'n'), tables.head('What it says')], rows)}</details>"
