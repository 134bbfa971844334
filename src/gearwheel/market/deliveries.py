"""Deliveries: what arrives, how it is felt, what is written about it, and who calls or wants to give it back."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from gearwheel.market.draws import Stream
from gearwheel.market.orders import CALENDAR
from gearwheel.market.returns import claim
from gearwheel.market.state import Day, State
from gearwheel.market.tables import WORDS, clock

MOODS = np.array([NormalDist().inv_cdf((i + 0.5) / 64) for i in range(64)])  # equally likely standard Normals
LATE, QUALITY = WORDS["contact"].index("late"), WORDS["contact"].index("quality")


def deliver(state: State, day: Day) -> None:
    """Parcels that arrive today: the experience moves satisfaction, some review it, some ask, some return it."""
    arrived = state.pending.pop(day.number, None)
    if not arrived:
        return
    parcels = {name: np.concatenate([batch[name] for batch in arrived]) for name in arrived[0]}
    s, rows, who = day.settings, state.customers, parcels["who"]
    start = s.start
    promised, at = clock(start, parcels["promised"]), clock(start, parcels["at"])
    day.sink.add("deliveries", {"order_id": parcels["order"], "promised_at": promised, "delivered_at": at})
    late = parcels["at"] > parcels["promised"]
    score = _felt(state, day, parcels)
    for trial in day.trials:
        under_way = trial.runs(parcels["order"] % CALENDAR)  # what was sent before it began says nothing
        trial.note("review score", who[under_way], score[under_way])
    rows["satisfaction"][who] += s.opinion_weight * (score - rows["satisfaction"][who])
    day.tally(delivered=len(who), late=late.sum(), days=parcels["days"].sum(), score=score.sum())
    _review(day, parcels, score, late)
    _contact(day, parcels, score, late)
    claim(state, day, parcels, score)


def _felt(state: State, day: Day, parcels) -> np.ndarray:
    """The experience of each delivery as a score from 1 to 5."""
    s, who = day.settings, parcels["who"]
    days = day.seen("delivery_on_satisfaction", parcels["days"])
    late = parcels["at"] - parcels["days"] + days > parcels["promised"]
    felt = s.score * (days / s.delivery) ** (s.delivery_on_satisfaction * state.customers["patience"][who])
    felt = felt - s.late_hurt * late
    if day.shift:  # only a rerun asks for what was to be expected of these parcels
        moods = s.score_noise * MOODS
        day.tally(expected_score=np.clip(np.rint(felt[:, None] + moods), 1, 5).mean(axis=1).sum())
    noise = s.score_noise * day.draws.normal(Stream.SCORE, parcels["order"])
    return np.clip(np.rint(felt + noise), 1, 5)


def _review(day: Day, parcels, score, late) -> None:
    writes = day.draws.uniform(Stream.REVIEW, parcels["order"]) < day.settings.reviewing
    order, score, late = parcels["order"][writes], score[writes], late[writes]
    pair = np.where(late & (score <= 3), 0, np.where(score <= 2, 1, np.where(score <= 4, 2, 3)))
    text = 2 * pair + (day.draws.uniform(Stream.TEXT, order) < 0.5)
    created = clock(day.settings.start, parcels["at"][writes] + 0.05)
    day.sink.add("reviews", {"order_id": order, "score": score, "text": text, "created_at": created})
    day.tally(reviews=len(order), review_score=score.sum())


def _contact(day: Day, parcels, score, late) -> None:
    luck = day.draws.uniform(Stream.CONTACT, parcels["order"])
    asks = luck < np.where(late, 0.25, np.where(score <= 2, 0.15, 0.01))
    reason = np.where(late, LATE, QUALITY)[asks]
    at = clock(day.settings.start, parcels["at"][asks] + luck[asks])
    who, order = parcels["who"][asks], parcels["order"][asks]
    day.sink.add("contacts", {"customer_id": who, "order_id": order, "asked_at": at, "reason": reason})
    day.tally(contacts=len(who))
