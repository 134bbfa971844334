"""The card "What single orders say": facts of single orders that a series by week hides, each with what may confound it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gearwheel.show import tables
from gearwheel.show.cards import card, tied
from gearwheel.show.figures import in_words, number
from gearwheel.show.own_claims import claim_words, estimate_of, is_level, is_seen
from gearwheel.show.own_data import events_of
from gearwheel.show.phrases import variable_words
from gearwheel.show.svg import escaped, tag
from gearwheel.show.values import mapping, real, words_of

TOLD = 2  # facts that the first sentence tells in full
DESIGNS = {"observational": "observed, not tried", "experiment": "an experiment"}


def facts_card(results: dict) -> str:
    return card("facts", "What single orders say", facts(results), fact_table(results), "facts")


def all_facts(results: dict) -> dict[str, Mapping]:
    return {str(name): mapping(one) for name, one in mapping(events_of(results).get("facts")).items() if mapping(one)}


def facts(results: dict) -> str:
    """How many comparisons could be made, how many show a difference, and the clearest of them."""
    every = all_facts(results).values()
    known = [f for f in every if estimate_of(f) is not None and not is_level(f)]
    if not known:
        why = next((words_of(f.get("caveat")) for f in every if words_of(f.get("caveat"))), "")
        return f"What single orders say is not known: {why.rstrip('.') or 'no fact was estimated'}."
    clear = sorted((f for f in known if is_seen(f)), key=_telling, reverse=True)
    shows = f"{in_words(len(clear))} show{'s' * (len(clear) < 2)} a difference"
    count = f"Of {in_words(len(known))} comparison{'s' * (len(known) != 1)} that single orders allow, {shows}"
    return f"{count}: {'; '.join(_inside(claim_words(f)) for f in clear[:TOLD])}." if clear else f"{count}."


def _telling(fact: Mapping) -> tuple[bool, float]:
    """By how far they are from no difference, mere bounds last."""
    away = abs(real(fact.get("estimate")) or 0.0) / (real(fact.get("error")) or math.inf)
    return not words_of(fact.get("bound")), away


def _inside(said: str) -> str:
    return said[:1].lower() + said[1:]


def informs(results: dict, fact: Mapping) -> list[Mapping]:
    """The wheel's links whose strength the fact is about."""
    of = words_of(fact.get("of"))
    links = map(mapping, mapping(results.get("links")).values())
    return [v for v in links if of and of == words_of(v.get("strength"))]


def fact_table(results: dict) -> str:
    """One row a fact."""
    rows = []
    for fact in all_facts(results).values():
        said = tag("b", tied(claim_words(fact))) + tag("small", escaped(words_of(fact.get("how"))))
        rows.append(
            [
                tag("td", _pill(fact)),
                tag("td", said),
                tables.cell(_behind(fact), small=_raw(fact)),
                tables.cell(words_of(fact.get("caveat"), "nothing stated")),
                tables.cell(_link_words(results, fact)),
            ]
        )
    heads = (
        "",
        "What, and how it was seen",
        "From",
        "What may confound it, or why there is no estimate",
        "Link that it informs",
    )
    return tables.table([tables.head(t) for t in heads], rows) if rows else ""


def _pill(fact: Mapping) -> str:
    if estimate_of(fact) is None:
        said, look = "not known", "v-unsure"
    elif is_level(fact):
        said, look = "level", "v-still"
    elif is_seen(fact):
        said, look = ("at most", "v-unsure") if words_of(fact.get("bound")) else ("seen", "v-turns")
    else:
        said, look = "not seen", "v-unsure"
    return tag("span", said, class_=f"verdict {look}")


def _behind(fact: Mapping) -> str:
    n, design = real(fact.get("n")), words_of(fact.get("design"))
    return ", ".join(filter(None, (f"{number(n)} cases" if n else "", DESIGNS.get(design, design))))


def _raw(fact: Mapping) -> str:
    """The numbers as the fit takes them."""
    found, error = estimate_of(fact), real(fact.get("error"))
    if found is None:
        return ""
    wide = f" ± {number(error)}" if error is not None else ""
    return f"{number(found.median)}{wide} ({words_of(fact.get('scale'), 'no scale stated')})"


def _link_words(results: dict, fact: Mapping) -> str:
    if words_of(fact.get("bound")):
        return "none: a bound is no evidence"
    if estimate_of(fact) is None:
        return "none: there is no estimate"
    found = informs(results, fact)
    if not found:
        return "no link of this wheel"
    return "; ".join(
        f"{variable_words(results, v.get('cause'))} → {variable_words(results, v.get('effect'))}: {words_of(v.get('verdict'), 'not tested')}"
        for v in found
    )
