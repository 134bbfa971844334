"""The report's card on terms: what the wheel says of the membership's fee, past and best."""

from __future__ import annotations

from gearwheel.show import tables, words_terms
from gearwheel.show.cards import card, tied
from gearwheel.show.figures import amount, between
from gearwheel.show.svg import tag
from gearwheel.show.values import at, listing, mapping, real, span, words_of

SHOWN = 8  # settings in the table


def terms_card(results: dict) -> str:
    """A section, or nothing where the results hold no terms."""
    found = mapping(results.get("terms"))
    listed = listing(found.get("terms"))
    if not listed:
        return ""
    fee = mapping(listed[0])
    said = [words_terms.selection(found), *words_terms.past(found), *words_terms.terms(found)[1:]]
    items = "".join(tag("li", tied(sentence)) for sentence in said if sentence)
    lead = words_terms.term(found, fee)
    return card("terms", "Terms of the membership", lead, _table(fee, found) + f"<ul>{items}</ul>", "terms")


def _table(one: dict, found: dict) -> str:
    settings = listing(one.get("settings"))
    step = max(1, len(settings) // SHOWN)
    kept = [s for i, s in enumerate(settings) if i % step == 0 or s["value"] == one.get("present")]
    years = amount(real(found.get("years")), "year")
    heads = [
        tables.head(str(one.get("title"))),
        tables.head(
            f"change of {words_of(found.get('outcome')).rsplit('.', 1)[-1].replace('_', ' ')} over {years} (90 %)"
        ),
        tables.head("chance to be better than now"),
        tables.head(f"change of members after {years} (90 %)"),
    ]
    return tables.table(heads, (_row(mapping(s), one, found) for s in kept))


def _row(setting: dict, one: dict, found: dict) -> list[str]:
    unit, value = words_of(one.get("unit")).split("/")[0], real(setting.get("value"))
    marks = ["now" if value == one.get("present") else "", "" if words_terms.was_tried(one, value) else "never tried"]
    return [
        tables.cell(amount(value, unit), small=" ".join(filter(None, marks))),
        _spanned(setting.get("effect"), words_of(found.get("unit"))),
        tables.cell("" if value == one.get("present") else words_terms.better(setting)),
        _spanned(*members(setting, found)),
    ]


def members(setting: dict, found: dict) -> tuple[object, str]:
    """(change of members, its unit) at one setting, (None, "") where the wheel does not show it."""
    name = next((n for n in mapping(setting.get("shown")) if n.rsplit(".", 1)[-1] == "members"), None)
    return (at(setting, "shown", name), words_of(at(found, "shown", name, "unit"))) if name else (None, "")


def _spanned(value: object, unit: str) -> str:
    change = span(value)
    if change is None:
        return tables.cell("")
    return tables.cell(
        amount(change.median, unit, signed=True), small=between(change, lambda v: amount(v, unit, signed=True))
    )
