"""The card "What customers write": themes of reviews and contacts by family, with the words behind each."""

from __future__ import annotations

from collections.abc import Mapping

from gearwheel.show import figures, tables
from gearwheel.show.cards import card, paragraphs
from gearwheel.show.figures import percent
from gearwheel.show.own_change import Change, change_words, quarter_on_quarter
from gearwheel.show.own_data import FAMILIES, events_of, readings_of, texts, title_of, told
from gearwheel.show.palette import Palette
from gearwheel.show.phrases import conjoined
from gearwheel.show.sparks import spark
from gearwheel.show.values import listing, mapping, real, words_of

MOST_THEMES = 30


def feedback_card(results: dict, palette: Palette) -> str:
    events = events_of(results)
    several = len(told(events)) > 1
    body = ""
    for source, themes in told(events).items():
        body += f"<h3>{tables.escaped(source.capitalize())}</h3>" if several else ""
        body += _trends(events, source, palette) + _themes(themes)
    return card("feedback", "What customers write", feedback(results), body, "feedback")


def feedback(results: dict) -> str:
    """What complaints are about, and which way that goes."""
    events = events_of(results)
    said = {known: [] for known in (True, False)}
    for source, themes in told(events).items():
        said[bool(_shares(themes))].append(_source(events, source, themes))
    # what is silent matters only where nothing speaks
    return (
        " ".join(said[True] or said[False])
        or "What customers write is not known: the source has no texts, or none were read."
    )


def _shares(themes: Mapping) -> dict[str, float]:
    """Named families of which somebody complains, with their share."""
    shares = {str(family): real(share) or 0.0 for family, share in mapping(themes.get("families")).items()}
    return {family: share for family, share in shares.items() if share > 0 and family != "other"}


def _source(events: Mapping, source: str, themes: Mapping) -> str:
    shares = _shares(themes)
    if not shares:
        why = words_of(themes.get("note"), "no theme was found")
        return f"What {source} are about is not known: {why}."
    count = real(themes.get("complaints"))
    ranked = sorted(shares, key=lambda f: -shares[f])
    about = conjoined([f"{percent(shares[f])} {'' if i else 'are '}about {f}" for i, f in enumerate(ranked)])
    change = family_change(events, source, ranked[0])
    trend = f" The share about {ranked[0]} {change_words(change)} over the last quarter." if change else ""
    what = "complaints" if source == "reviews" else source
    return f"{figures.number(count)} {what} were read: {about}.{trend}"


def family_gauge(source: str, family: str) -> str:
    return f"{'complaints' if source == 'reviews' else source}_{family}"


def family_change(events: Mapping, source: str, family: str) -> Change | None:
    gauge = family_gauge(source, family)
    return quarter_on_quarter(events, gauge, readings_of(events).get(gauge, []))


def _trends(events: Mapping, source: str, palette: Palette) -> str:
    readings = readings_of(events)
    gauges = [g for f in FAMILIES if len(readings.get(g := family_gauge(source, f), [])) > 1]
    drawn = "".join(spark(readings[g], title_of(events, g), "share", palette=palette) for g in gauges)
    return f'<div class="sparks">{drawn}</div>' if drawn else ""


def _themes(themes: Mapping) -> str:
    found = [one for one in map(mapping, listing(themes.get("themes"))) if one]
    place = {family: i for i, family in enumerate(FAMILIES)}
    found.sort(key=lambda one: (place.get(words_of(one.get("family")), 9), -(real(one.get("complaint_share")) or 0)))
    rows = []
    for one in found[:MOST_THEMES]:
        score, texts_about = real(one.get("mean_score")), real(one.get("texts"))
        example = next(iter(texts(one.get("examples"))), "")
        rows.append(
            [
                tables.cell(words_of(one.get("family"), "other")),
                tables.cell(
                    percent(real(one.get("complaint_share"))),
                    "n",
                    f"{figures.number(texts_about)} texts" if texts_about else "",
                ),
                tables.cell(figures.number(score, 2) if score is not None else "none given", "n"),
                tables.cell(", ".join(texts(one.get("words"))), small=f"“{example}”" if example else ""),
            ]
        )
    if not rows:
        return ""
    heads = [
        tables.head("About"),
        tables.head("Of complaints", "n"),
        tables.head("Mean score", "n"),
        tables.head("Words behind the theme, and an example"),
    ]
    learned = words_of(themes.get("learned_from"))
    how = (
        f"Themes were learned from {learned}; their names come from a list of words in several languages."
        if learned
        else ""
    )
    return tables.table(heads, rows) + paragraphs(how)
