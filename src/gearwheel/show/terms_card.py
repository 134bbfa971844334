"""The report's card on terms: what the wheel says of the membership's fee, past and best."""

from __future__ import annotations

from gearwheel.show import tables, words_terms
from gearwheel.show.cards import card, tied
from gearwheel.show.figures import between, number, percent
from gearwheel.show.svg import tag
from gearwheel.show.values import at, listing, mapping, span

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
    heads = [
        tables.head(h) for h in (str(one.get("title")), f"change, {found.get('unit')}", "better than now", "members")
    ]
    return tables.table(heads, (_row(mapping(s), one) for s in kept))


def _row(setting: dict, one: dict) -> list[str]:
    gain = span(setting.get("effect"))
    members = next(
        (span(v) for n, v in mapping(at(setting, "shown")).items() if n.rsplit(".", 1)[-1] == "members"), None
    )
    return [
        tables.cell(number(setting.get("value")), small=" now" if setting.get("value") == one.get("present") else ""),
        tables.cell(number(gain.median) if gain else "", small=f" {between(gain, number)}" if gain else ""),
        tables.cell(percent(setting.get("probability_better"))),
        tables.cell(number(members.median, signed=True) if members else ""),
    ]
