"""The card "What single orders say": facts of single orders that a series by week hides, each with what may confound it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from gearwheel.show import tables
from gearwheel.show.cards import card, tied
from gearwheel.show.figures import in_words, number, percent
from gearwheel.show.own_change import Z, ranged
from gearwheel.show.own_data import events_of
from gearwheel.show.phrases import variable_words
from gearwheel.show.svg import escaped, tag
from gearwheel.show.values import Span, mapping, real, words_of

TOLD = 2  # facts that the first sentence tells in full


def facts_card(results: dict) -> str:
    return card("facts", "What single orders say", facts(results), fact_table(results), "facts")


def all_facts(results: dict) -> dict[str, Mapping]:
    return {str(name): mapping(one) for name, one in mapping(events_of(results).get("facts")).items() if mapping(one)}


def estimate_of(fact: Mapping) -> Span | None:
    """The estimate with its 90 % interval on the fact's own scale, None where there is none."""
    middle, error = real(fact.get("estimate")), real(fact.get("error"))
    if middle is None:
        return None
    known = error is not None and error > 0
    return Span(middle, middle - Z * error if known else None, middle + Z * error if known else None)


def is_seen(fact: Mapping) -> bool:
    """Whether the interval leaves out no difference at all."""
    found = estimate_of(fact)
    return found is not None and found.low is not None and found.high is not None and (found.low > 0 or found.high < 0)


def facts(results: dict) -> str:
    """How many facts could be estimated, how many differ from nothing, and the clearest of them."""
    every = all_facts(results)
    known = {n: f for n, f in every.items() if estimate_of(f) is not None}
    if not known:
        why = next((words_of(f.get("caveat")) for f in every.values() if words_of(f.get("caveat"))), "")
        return f"What single orders say is not known: {why.rstrip('.') or 'no fact was estimated'}."
    clear = sorted((f for f in known.values() if is_seen(f)), key=_clearness, reverse=True)
    count = f"Of {in_words(len(known))} fact{'s' * (len(known) != 1)} that single orders can tell, {in_words(len(clear))} show{'s' * (len(clear) == 1)} a difference"
    if not clear:
        return count + "."
    return f"{count}: {'; '.join(fact_words(f) for f in clear[:TOLD])}."


def _clearness(fact: Mapping) -> float:
    return abs(real(fact.get("estimate")) or 0.0) / (real(fact.get("error")) or math.inf)


def fact_words(fact: Mapping) -> str:
    """The claim and its estimate."""
    return f"{_title(fact)}, {effect_words(fact)}"


def _title(fact: Mapping) -> str:
    return words_of(fact.get("title")) or words_of(fact.get("name"), "a fact").replace("_", " ")


def effect_words(fact: Mapping) -> str:
    """'lower by 1.3 % (1.1 to 1.5 %)', with the odds or points named where those are meant."""
    found = estimate_of(fact)
    if found is None:
        return "no estimate"
    show, what = _reading(words_of(fact.get("scale")))
    shown = [None if v is None else show(v) for v in found]
    middle, low, high = shown
    if low is not None and high is not None and low <= 0 <= high:
        return f"no difference that the data can see{what[0]} ({ranged(what[1](low, True), what[1](high, True))})"
    verb = "higher" if (middle or 0) > 0 else "lower" if (middle or 0) < 0 else "the same"
    if verb == "the same" or middle is None:
        return "no difference"
    ends = "" if low is None or high is None else f" ({ranged(*map(what[1], sorted((abs(low), abs(high)))))})"
    return f"{verb} by {what[1](abs(middle))}{ends}{what[0]}"


def _reading(scale: str):
    """How a value on the fact's scale is turned into the figure shown: (figure, (words after it, how it is written))."""
    kind = scale.lower()
    per = re.search(r"(?:per |/)\s*([a-z ]{1,20})$", kind)
    tail = f" for each {per[1].strip()}" if per else ""
    if "odds" in kind or "logit" in kind:
        return _expm1, (f" in the odds{tail}", _percent)
    if "elastic" in kind:
        return lambda v: v, (" for each 1 % more", lambda v, signed=False: f"{number(v, 2, signed)} %")
    if kind.startswith(("log", "relative", "ln")):
        return _expm1, (tail, _percent)
    if kind.startswith(("share", "probab", "points")):
        return lambda v: 100 * v, (tail, lambda v, signed=False: f"{number(v, 2, signed)} points")
    return lambda v: v, (tail, lambda v, signed=False: number(v, 2, signed))


def _expm1(value: float) -> float:
    return math.expm1(min(value, 50.0))


def _percent(value: float, signed: bool = False) -> str:
    return percent(value, 2, signed)


def informs(results: dict, fact: Mapping) -> list[tuple[str, Mapping]]:
    """The wheel's links whose strength the fact is about."""
    of = words_of(fact.get("of"))
    links = mapping(results.get("links"))
    return [
        (str(n), mapping(v)) for n, v in links.items() if of and of in (str(n), words_of(mapping(v).get("strength")))
    ]


def fact_table(results: dict) -> str:
    """One row a fact."""
    rows = []
    for fact in all_facts(results).values():
        found = estimate_of(fact)
        said = effect_words(fact) if found is not None else "No estimate"
        n = real(fact.get("n"))
        behind = " ".join(filter(None, (f"{number(n)} orders." if n else "", f"{_design(fact)}")))
        pill = tag(
            "span",
            "seen" if is_seen(fact) else "not seen",
            class_=f"verdict {'v-turns' if is_seen(fact) else 'v-unsure'}",
        )
        rows.append(
            [
                tag("td", tag("b", escaped(_title(fact))) + tag("small", escaped(words_of(fact.get("how"))))),
                tag("td", (pill if found is not None else "") + tag("div", tied(said[:1].upper() + said[1:]))),
                tables.cell(behind),
                tables.cell(words_of(fact.get("caveat"), "nothing stated")),
                tables.cell(_link_words(results, fact)),
            ]
        )
    heads = (
        "Claim, and how it was tested",
        "Estimate (90 %)",
        "From",
        "What could still confound it, or why there is none",
        "Link that it informs",
    )
    return tables.table([tables.head(t) for t in heads], rows) if rows else ""


def _design(fact: Mapping) -> str:
    design = words_of(fact.get("design"))
    return {"observational": "Observed, not tried.", "experiment": "An experiment."}.get(design, design)


def _link_words(results: dict, fact: Mapping) -> str:
    found = informs(results, fact)
    if not found:
        return "no link of this wheel"
    return "; ".join(
        f"{variable_words(results, v.get('cause'))} → {variable_words(results, v.get('effect'))}: {words_of(v.get('verdict'), 'not tested')}"
        for _, v in found
    )
