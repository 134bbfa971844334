"""Feedback that is words: texts of any language → themes, families of complaints, and their shares over time.

Themes are learned where they are plainest: from the complaints when there are enough of them, else from all texts.
No text leaves the machine; examples are shown with e-mail addresses and telephone numbers masked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from gearwheel.gauges.catalogue import Measure
from gearwheel.gauges.checks.finding import ask, ask_one, has, table_sql
from gearwheel.gauges.checks.future import FIRST
from gearwheel.gauges.measure import Measured, Measurement
from gearwheel.gauges.theme_families import FAMILIES, family_of_theme, family_of_word
from gearwheel.gauges.theme_model import Model, learn
from gearwheel.gauges.theme_tally import COMPLAINT, Tally, assigned, is_complaint
from gearwheel.gauges.theme_words import stop_words

ENOUGH = 200  # texts from which themes can be learned
ENOUGH_IN_A_PERIOD = 30  # complaints behind one share
MOST_LEARNED = 200_000  # texts that are held in memory to learn from; all others are only counted
CHUNK = 20_000
SHOWN = 10  # words of a theme
SEED = 0

Progress = Callable[[str, int, int, str], object]
Row = tuple[str, float | None, date | datetime | None]  # text, score, day


@dataclass(frozen=True)
class Theme:
    """One theme: its words (heaviest first), its family, and how much is said about it.

    `share` is of all texts, `complaint_share` of the complaints (scores up to 2; all texts where none has a score),
    `mean_score` from 1 to 5 or None.
    """

    words: tuple[str, ...]
    family: str
    texts: int
    share: float
    complaint_share: float
    mean_score: float | None
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Themes:
    """What the texts are about. `note` says in words why there are no themes, "" when there are.

    `families` maps each family to its share of complaints; `rows` are the gauges complaints_delivery,
    complaints_quality, complaints_price and complaints_service: shares with errors in logits. `coherence` maps each
    number of themes that was tried to its mean NPMI.
    """

    themes: tuple[Theme, ...] = ()
    texts: int = 0
    complaints: int = 0
    learned_from: str = ""  # complaints | all texts
    families: dict[str, float] = field(default_factory=dict)
    rows: tuple[Measurement, ...] = ()
    stop_words: tuple[str, ...] = ()
    coherence: dict[int, float] = field(default_factory=dict)
    note: str = ""
    model: Model | None = field(default=None, repr=False, compare=False)


def themes(
    texts: Sequence[str],
    scores: Sequence[float | None] | None = None,
    dates: Sequence[date | datetime | None] | None = None,
    grain: str = "week",
    name: str = "complaints",
    progress: Progress | None = None,
) -> Themes:
    """Themes of texts that are in memory. Empty texts are passed over; the same texts give the same themes.

    `scores` run from 1 to 5. `rows` are there where `dates` are; `name` begins the names of their gauges.
    """
    nothing = [None] * len(texts)
    rows = [row for row in zip(texts, scores or nothing, dates or nothing) if row[0] and row[0].strip()]
    scored = scores is not None
    complaints = [text for text, score, _ in rows if is_complaint(score, scored)]
    chosen = complaints if len(complaints) >= ENOUGH else [text for text, *_ in rows]
    learned = chosen[:: len(chosen) // MOST_LEARNED + 1]
    chunks = (rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK))
    return _themes(learned, chunks, len(rows), len(complaints), Tally(grain=grain, scored=scored), name, None, progress)


def event_themes(events: Any, table: str = "reviews", progress: Progress | None = None) -> Themes:
    """Themes of the reviews or contacts of open events (see `gauges.events`), read in chunks.

    The gauges are complaints_* for reviews and contacts_* for contacts, of which each is a complaint. Periods after
    the last order are left out: only reviews of late deliveries would be in them.
    """
    if table not in _SOURCES:
        raise ValueError(f"themes are told of {' and '.join(_SOURCES)}, not of {table!r}")
    text, score, day, name = _SOURCES[table]
    if not has(events, table, text):
        return Themes(note=f"the source has no {table}.{text}")
    scored = bool(score) and has(events, table, score)
    low = f"score <= {COMPLAINT}" if scored else "TRUE"
    query = f"""(SELECT "{text}" AS text, {f'"{score}"' if scored else "NULL"} AS score,
                        CASE WHEN "{day}" BETWEEN '{FIRST}' AND now()::TIMESTAMP THEN "{day}" END AS day
                 FROM {table_sql(table)} WHERE trim("{text}") <> '')"""
    total, complaints = ask_one(events, f"SELECT count(*), count(*) FILTER ({low}) FROM {query}")
    chosen = low if complaints >= ENOUGH else "TRUE"
    # by hash: a fair sample, and the same one in whatever order threads read the rows
    learned = ask(
        events, f"SELECT text FROM {query} WHERE {chosen} ORDER BY hash(text, day), text, day LIMIT {MOST_LEARNED}"
    )
    (until,) = ask_one(events, "SELECT least(max(placed_at), now()::TIMESTAMP)::DATE + 1 FROM events.orders")
    tally = Tally(grain=events.mapping.grain, scored=scored)
    chunks = _fetched(events, f"SELECT text, score, day FROM {query}")
    return _themes([text for (text,) in learned], chunks, total, complaints, tally, name, until, progress)


_SOURCES = {  # table -> (text, score, day, how the names of its gauges begin)
    "reviews": ("text", "score", "created_at", "complaints"),
    "contacts": ("reason", "", "asked_at", "contacts"),
}


def as_measured(found: Themes, name: str = "complaints") -> Measured:
    """The rows with their definitions, as `measure` gives them: for the tidy CSV and for whoever shows them."""
    measures = {
        f"{name}_{family}": Measure(
            name=f"{name}_{family}",
            title=f"Complaints about {family}",
            gear="experience",
            measure="mean",
            scale="logit",
            unit="1",
            needs=tuple(f"{table}.{text}" for table, (text, *_, own) in _SOURCES.items() if own == name),
            definition=f"share of the period's complaints that are about {family}, by seed words and themes",
            error="sqrt(1 / (complaints about it + 1/2) + 1 / (the others + 1/2)), in logits",
            sql="",
        )
        for family in FAMILIES[:-1]
    }
    there = {row.gauge for row in found.rows}
    why = found.note or f"no period has {ENOUGH_IN_A_PERIOD} complaints"
    left_out = {gauge: why for gauge in measures if gauge not in there}
    return Measured(list(found.rows), {g: m for g, m in measures.items() if g in there}, left_out)


def families_of(found: Themes, texts: Sequence[str]) -> list[str]:
    """The family of each text, told by themes that were learned before (from these texts or others)."""
    if found.model is None:
        raise ValueError(found.note)
    families = [theme.family for theme in found.themes]
    return [family for _, family, _ in assigned(found.model, texts, families)]


def _fetched(events: Any, sql: str) -> Iterator[list[Row]]:
    result = events.connection.execute(sql)
    while chunk := result.fetchmany(CHUNK):
        yield chunk


def _themes(
    learned: Sequence[str],
    chunks: Iterable[list[Row]],
    total: int,
    complaints: int,
    tally: Tally,
    name: str,
    until: date | None,
    progress: Progress | None,
) -> Themes:
    tell = progress or (lambda *_: None)
    if len(learned) < ENOUGH:
        return Themes(texts=total, complaints=complaints, note=f"too few texts: {total:,}, themes need {ENOUGH}")
    stop = stop_words(learned, family_of_word)
    model = learn(learned, stop, SEED, lambda done, of: tell("themes", done, of, "learning"))
    if model is None:
        return Themes(texts=total, complaints=complaints, note="the texts share too few words to tell themes")
    tally.families = [family_of_theme(part) for part in model.parts]
    done = 0
    for chunk in chunks:
        tell("texts", done, total, "")
        tally.add(model, *zip(*chunk))
        done += len(chunk)
    tell("texts", done, total, "")
    return Themes(
        tuple(_theme(tally, k, part) for k, part in enumerate(model.parts)),
        total,
        complaints,
        "complaints" if tally.scored and complaints >= ENOUGH else "all texts",
        {family: tally.family_complaints[family] / max(complaints, 1) for family in FAMILIES},
        tuple(tally.rows(name, ENOUGH_IN_A_PERIOD, until)),
        stop,
        model.coherence,
        "",
        model,
    )


def _theme(tally: Tally, k: int, part: dict[str, float]) -> Theme:
    texts, said = tally.texts[k], tally.score_n[k]
    return Theme(
        tuple(part)[:SHOWN],
        tally.families[k],
        texts,
        texts / max(tally.texts.total(), 1),
        tally.complaints[k] / max(tally.complaints.total(), 1),
        tally.score_sum[k] / said if said else None,
        tally.examples_of(k),
    )
