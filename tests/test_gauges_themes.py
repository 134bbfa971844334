"""Feedback that is words: planted themes are separated in several languages, and Olist's complaints are told."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from events_planted import CLEAN, OLIST, events_of, olist_queries
from gearwheel.gauges import themes as module
from gearwheel.gauges.measure import measured_csv
from gearwheel.gauges.theme_families import FAMILIES, family_of_text, family_of_theme, family_of_word
from gearwheel.gauges.theme_model import learn
from gearwheel.gauges.theme_tally import assigned, share_and_error
from gearwheel.gauges.theme_words import folded, masked, stop_words, words_of
from gearwheel.gauges.themes import ENOUGH, ENOUGH_IN_A_PERIOD, Themes, as_measured, event_themes, families_of, themes
from gearwheel.wheel.errors import Cancelled

# seeds and words that are no seeds: what a text without a seed is about only its theme can tell
WORDS = {
    ("en", "delivery"): "delivered courier parcel doorstep neighbour weeks van driver route porch",
    ("en", "quality"): "broken scratched cracked zipper fabric seam handle plastic hinge glue",
    ("en", "price"): "expensive overpriced price sale shelf rival euro bargain wallet budget",
    ("en", "service"): "rude refund answered hotline chat queue clerk manners shouting hung",
    ("pt", "delivery"): "entregue chegou atraso portaria vizinho semanas motoboy rota bairro caminhao",
    ("pt", "quality"): "quebrado defeito rasgado ziper tecido costura alca plastico dobradica cola",
    ("pt", "price"): "caro preco barato promocao vitrine concorrente reais pechincha carteira mercado",
    ("pt", "service"): "atendimento resposta reclamacao balcao fila gritaria grosseria ramal gerente espera",
}
TOPICS = {topic: words.split() for topic, words in WORDS.items()}
FILLERS = {
    "en": ["the", "and", "it", "was", "of", "my", "is", "to"],
    "pt": ["o", "de", "que", "foi", "e", "meu", "um", "a"],
}


def corpus(language: str, texts: int = 600, seed: int = 1) -> tuple[list[str], list[str]]:
    """Texts of one language and the family that was meant by each."""
    draw = random.Random(seed)
    said, meant = [], []
    for _ in range(texts):
        family = draw.choice(FAMILIES[:-1])
        words = draw.sample(TOPICS[language, family], 4) + draw.choices(FILLERS[language], k=5)
        draw.shuffle(words)
        said.append(" ".join(words))
        meant.append(family)
    return said, meant


def agreement(one: list[str], other: list[str]) -> float:
    return sum(a == b for a, b in zip(one, other)) / len(one)


@pytest.mark.parametrize("language", ["en", "pt"])
def test_planted_families_are_told_apart(language):
    said, meant = corpus(language)
    found = themes(said)
    told = families_of(found, said)
    assert agreement(told, meant) > 0.95
    shuffled = random.Random(2).sample(meant, len(meant))
    assert abs(agreement(told, shuffled) - 0.25) < 4 * sqrt(0.25 * 0.75 / len(meant))
    assert set(FILLERS[language]) - {"a", "e", "o"} <= set(found.stop_words)  # one letter is no word
    assert not set(FILLERS[language]) & {
        word for theme in found.themes for term in theme.words for word in term.split()
    }


def test_a_theme_speaks_for_texts_without_a_seed():
    said, meant = corpus("en", 1200)
    seedless = [i for i, text in enumerate(said) if not any(map(family_of_word, words_of(text)))]
    assert len(seedless) > 30
    told = families_of(themes(said), said)
    assert agreement([told[i] for i in seedless], [meant[i] for i in seedless]) > 0.9


def test_two_languages_in_one_corpus_are_separated():
    (english, first), (portuguese, second) = corpus("en", 500), corpus("pt", 500)
    found = themes(english + portuguese)
    topics = [f"en {family}" for family in first] + [f"pt {family}" for family in second]
    families = [theme.family for theme in found.themes]
    themes_told = [theme for theme, *_ in assigned(found.model, english + portuguese, families)]
    assert adjusted_rand_score(topics, themes_told) > 0.8
    assert agreement(families_of(found, english + portuguese), first + second) > 0.95
    shuffled = random.Random(3).sample(topics, len(topics))
    assert abs(adjusted_rand_score(shuffled, themes_told)) < 0.02


def test_words_without_any_order_hang_together_no_better_than_chance():
    """The same words dealt out anew: the themes that come out tell nothing of what was meant."""
    said, meant = corpus("en", 800)
    draw = random.Random(4)
    pool = [word for text in said for word in text.split()]
    draw.shuffle(pool)
    dealt = [" ".join(pool[9 * i : 9 * i + 9]) for i in range(len(said))]
    found, true = themes(dealt), themes(said)
    assert max(found.coherence.values()) < max(true.coherence.values()) - 0.2
    assert abs(agreement(families_of(found, dealt), meant) - 0.25) < 0.08


def test_unspaced_scripts_are_cut_into_pairs():
    assert words_of("快递太慢了") == ["快递", "递太", "太慢", "慢了"]
    draw = random.Random(5)
    parts = {
        "delivery": ["快递太慢", "物流很久", "还没收到", "没有发货"],
        "quality": ["质量很差", "已经坏了", "有破损了", "做工粗糙"],
    }
    meant = [draw.choice(sorted(parts)) for _ in range(400)]
    said = ["".join(draw.sample(parts[family], 2)) for family in meant]
    assert agreement(families_of(themes(said), said), meant) > 0.95


def test_the_same_texts_give_the_same_themes():
    said, _ = corpus("en")
    scores = [1.0 + i % 5 for i in range(len(said))]
    one, other = themes(said, scores), themes(said, scores)
    assert one == other and one.themes


@pytest.mark.parametrize("texts", [[], [""] * 500, ["late"] * 5, [None] * 3])
def test_too_few_texts_say_so(texts):
    found = themes(texts)
    assert found.themes == () and found.rows == () and "too few texts" in found.note
    with pytest.raises(ValueError, match="too few texts"):
        families_of(found, ["late"])


def test_texts_without_words_in_common_say_so():
    assert "too few words" in themes([f"{i}!" for i in range(2 * ENOUGH)]).note
    assert "too few words" in themes(["the same"] * (2 * ENOUGH)).note


def test_shares_are_those_of_the_texts_and_complaints_decide():
    said, meant = corpus("en", 2000)
    scores = [1.0 if family == "delivery" else 1.0 + i % 5 for i, family in enumerate(meant)]
    found = themes(said, scores)
    assert found.learned_from == "complaints"
    assert (found.texts, found.complaints) == (2000, sum(score <= 2 for score in scores))
    assert sum(theme.share for theme in found.themes) == pytest.approx(1, abs=0.01)
    assert sum(theme.complaint_share for theme in found.themes) == pytest.approx(1, abs=0.01)
    assert sum(found.families.values()) == pytest.approx(1)
    low = Counter(family for family, score in zip(meant, scores) if score <= 2)
    for family in FAMILIES[:-1]:
        assert found.families[family] == pytest.approx(low[family] / low.total(), abs=0.03)
    for theme in found.themes:
        assert theme.words and theme.examples
        assert (theme.mean_score < 1.5) == (theme.family == "delivery")


def test_shares_over_time_follow_what_was_planted_with_honest_errors():
    """Delivery complaints double halfway; over the weeks the errors are those of the binomial."""
    draw = random.Random(6)
    said, meant = corpus("en", 1000)
    by_family = {family: [text for text, m in zip(said, meant) if m == family] for family in FAMILIES}
    start, texts, days = date(2024, 1, 1), [], []
    for week in range(40):
        share = 0.2 if week < 20 else 0.4
        for k in range(100):
            family = "delivery" if draw.random() < share else draw.choice(("quality", "price", "service"))
            texts.append(draw.choice(by_family[family]))
            days.append(start + timedelta(days=7 * week + k % 7))
    rows = [row for row in themes(texts, dates=days).rows if row.gauge == "complaints_delivery"]
    assert [row.start for row in rows] == [start + timedelta(weeks=k) for k in range(39)]  # the last may be unfinished
    assert all(row.end - row.start == timedelta(weeks=1) and row.n == 100 for row in rows)
    away = [
        (log(row.value / (1 - row.value)) - log(p / (1 - p))) / row.error
        for k, row in enumerate(rows)
        for p in [0.2 if k < 20 else 0.4]
    ]
    assert abs(sum(away) / len(away)) < 3 / sqrt(len(away))
    assert 0.6 < sqrt(sum(z * z for z in away) / len(away)) < 1.4


def test_a_period_with_few_complaints_has_no_share():
    said, _ = corpus("en", ENOUGH + 2 * ENOUGH_IN_A_PERIOD)
    few = ENOUGH_IN_A_PERIOD - 1
    days = [date(2024, 1, 1)] * few + [date(2024, 1, 8)] * (len(said) - few - 1) + [date(2024, 1, 15)]
    rows = themes(said, dates=days).rows
    assert {(row.gauge, row.start) for row in rows} == {
        (f"complaints_{family}", date(2024, 1, 8)) for family in FAMILIES[:-1]
    }


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_empirical_logit_is_never_without_end(count, more):
    n = count + more
    if n == 0:
        return
    share, error = share_and_error(count, n)
    assert 0 < share < 1 and 0 < error < 3
    mirrored, same = share_and_error(more, n)
    assert share + mirrored == pytest.approx(1) and error == pytest.approx(same)
    if min(count, more) >= 50:  # the delta method's error
        p = count / n
        assert error == pytest.approx(1 / sqrt(n * p * (1 - p)), rel=0.02)
        assert share == pytest.approx(1 / (1 + exp(-log(p / (1 - p)))), abs=0.01)


def test_private_things_are_masked_in_examples_and_are_no_words():
    said, _ = corpus("en", 400)
    said = [f"{text} write to jane.doe+x@mail.example.org or call +49 (170) 123-45678" for text in said]
    found = themes(said)
    shown = [example for theme in found.themes for example in theme.examples]
    assert shown and all("jane" not in example and "12345" not in example.replace("-", "") for example in shown)
    assert any("[e-mail]" in example and "[number]" in example for example in shown)
    assert not {"jane", "doe", "mail"} & {
        word for theme in found.themes for term in theme.words for word in term.split()
    }


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("call 0170 1234567 now", "call [number] now"),
        ("a@b.co and c_d@e-f.com.br.", "[e-mail] and [e-mail]."),
        ("ordered 3 of 12, paid 19.90", "ordered 3 of 12, paid 19.90"),
        ("on 2024-01-31 it came", "on [number] it came"),  # eight digits in a row: better one date too many
    ],
)
def test_what_is_masked(text, kept):
    assert masked(text) == kept


@given(st.text(max_size=200))
def test_any_text_can_be_read(text):
    assert folded(folded(text)) == folded(text) or unstable(text)
    assert all(word and not word.isspace() for word in words_of(text))
    assert isinstance(masked(text), str)


def unstable(text: str) -> bool:
    """Letters whose compatibility form is again a capital or accented one; folding them twice goes further."""
    return not text.isascii()


def test_accents_fold_for_latin_letters_only():
    assert folded("NÃO é açaí Größe") == "nao e acai grosse"
    assert folded("йод") == "йод" and folded("がぎ") == "がぎ"


@pytest.mark.parametrize(
    ("word", "family"),
    [
        ("delivery", "delivery"), ("entrega", "delivery"), ("entregado", "delivery"), ("lieferung", "delivery"),
        ("livraison", "delivery"), ("quality", "quality"), ("qualidade", "quality"), ("calidad", "quality"),
        ("qualitat", "quality"), ("qualite", "quality"), ("price", "price"), ("preco", "price"), ("precio", "price"),
        ("preis", "price"), ("prix", "price"), ("refund", "service"), ("atendimento", "service"),
        ("atencion", "service"), ("kundenservice", "service"), ("remboursement", "service"), ("table", ""), ("latex", ""),
    ],
)  # fmt: skip
def test_seeds_of_five_languages(word, family):
    assert family_of_word(word) == family


def test_ties_and_nothing():
    assert family_of_text(["arrived", "broken"], "other") == "quality"
    assert family_of_text(["table"], "price") == "price"
    assert family_of_theme({"table": 1.0, "chair": 1.0}) == "other"
    assert family_of_theme({"table": 1.0, "late delivery": 0.5}) == "delivery"


def test_stop_words_are_told_by_frequency_and_seeds_are_kept():
    said = ["the parcel of many words"] * 50 + ["the quiet end"] * 50
    assert set(stop_words(said, lambda word: word == "parcel")) == {"the", "of", "many", "words", "quiet", "end"}


def shop_with(table: str, **columns: list):
    """The clean shop's orders, and a table of these columns."""
    events = events_of({name: CLEAN[name] for name in ("orders", "order_lines")}, grain="month")
    names, values = ", ".join(f'"{name}"' for name in columns), ", ".join(["unnest(?)"] * len(columns))
    events.connection.execute(f"INSERT INTO events.{table} ({names}) SELECT {values}", list(columns.values()))
    events.present.add(table)
    events.columns[table] = set(columns)
    return events


def test_events_give_the_same_as_texts_in_memory_and_nothing_is_shown_after_the_last_order():
    said, meant = corpus("pt", 3000)
    scores = [1.0 if family in ("delivery", "price") else 4.0 for family in meant]
    days = [date(2023, 1, 2) + timedelta(days=i % 400) for i in range(len(said))]
    ids = [f"o{i}" for i in range(len(said))]
    events = shop_with("reviews", order_id=ids, score=scores, text=said, created_at=days)
    told = []
    found = event_themes(events, progress=lambda *step: told.append(step))
    assert found == event_themes(events)
    memory = themes(said, scores, days, grain="month")
    assert found.complaints == memory.complaints
    for family in FAMILIES[:-1]:
        assert found.families[family] == pytest.approx(memory.families[family], abs=0.01)
    rows = {(row.gauge, row.start): row.n for row in found.rows}
    assert rows == {(row.gauge, row.start): row.n for row in memory.rows if (row.gauge, row.start) in rows}
    assert {stage for stage, *_ in told} == {"themes", "texts"} and all(0 <= done <= of for _, done, of, _ in told)
    assert max(row.end for row in found.rows) <= date(2024, 2, 26)
    events.run("DELETE FROM events.orders WHERE placed_at >= '2023-06-15'")
    assert max(row.end for row in event_themes(events).rows) == date(2023, 6, 1)

    def stop(*_):
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        event_themes(events, progress=stop)


def test_every_contact_is_a_complaint_and_a_missing_table_says_so():
    said, _ = corpus("en", 400)
    days = [date(2023, 1, 2) + timedelta(days=i % 50) for i in range(len(said))]
    events = shop_with("contacts", customer_id=[f"c{i}" for i in range(len(said))], reason=said, asked_at=days)
    found = event_themes(events, "contacts")
    assert found.complaints == found.texts == 400 and found.rows
    assert {row.gauge for row in found.rows} == {f"contacts_{family}" for family in FAMILIES[:-1]}
    assert event_themes(events, "reviews") == Themes(note="the source has no reviews.text")
    with pytest.raises(ValueError, match="reviews and contacts"):
        event_themes(events, "orders")


def test_only_a_sample_is_held_to_learn_from_but_every_text_is_counted(monkeypatch):
    said, meant = corpus("en", 3000)
    scores = [1.0] * len(said)
    days = [date(2023, 1, 2) + timedelta(days=i % 400) for i in range(len(said))]
    days[0], scores[1] = date(9999, 12, 31), float("nan")  # a date that cannot be, a score that is none
    events = shop_with("reviews", order_id=[str(i) for i in range(len(said))], score=scores, text=said, created_at=days)
    learned = []
    monkeypatch.setattr(module, "learn", lambda texts, *rest: learned.append(len(texts)) or learn(texts, *rest))
    monkeypatch.setattr(module, "MOST_LEARNED", 400)
    monkeypatch.setattr(module, "CHUNK", 128)
    for found in (event_themes(events), themes(said, scores, days, grain="month")):
        assert (found.texts, found.complaints) == (3000, 2999)
        assert sum(theme.texts for theme in found.themes) == pytest.approx(3000, abs=5)
        assert sum(row.n for row in found.rows if row.gauge == "complaints_price") >= 2700
        assert agreement(families_of(found, said), meant) > 0.95
    assert learned[0] == 400 and learned[1] <= 400


def test_rows_become_a_tidy_csv_with_their_definitions():
    said, _ = corpus("en", 400)
    measured = as_measured(themes(said, dates=[date(2024, 1, 1 + i % 21) for i in range(len(said))]))
    assert set(measured.measures) == {f"complaints_{family}" for family in FAMILIES[:-1]} and not measured.left_out
    lines = measured_csv(measured).splitlines()
    assert len(lines) == 1 + 2 * 4 and all(line.count(",") == 8 for line in lines)
    nothing = as_measured(themes([]))
    assert nothing.rows == [] and "too few texts" in nothing.left_out["complaints_delivery"]


@pytest.mark.skipif(not OLIST.is_dir(), reason="the shared data are not here")
def test_olist_complains_of_delivery_when_it_is_late():
    events = events_of(olist_queries(OLIST), time_zone="America/Sao_Paulo", currency="BRL")
    found = event_themes(events)
    assert found.learned_from == "complaints" and 4 <= len(found.themes) <= 12
    assert max(found.families, key=found.families.get) == "delivery"
    assert {"delivery", "quality", "service"} <= {theme.family for theme in found.themes}
    reviews = events.connection.execute(
        """SELECT text, score, delivered_at > promised_at + INTERVAL 1 DAY FROM events.reviews
           JOIN events.deliveries USING (order_id) WHERE trim(text) <> '' AND delivered_at IS NOT NULL"""
    ).fetchall()
    counted = {True: Counter(), False: Counter()}
    for family, (_, score, late) in zip(families_of(found, [text for text, *_ in reviews]), reviews):
        counted[late][family if score <= 2 else "content"] += 1
    share = {late: {f: n / counts.total() for f, n in counts.items()} for late, counts in counted.items()}
    assert share[True]["delivery"] > 4 * share[False]["delivery"]
    # lateness does not break goods: quality complaints do not rise with it
    assert share[True]["quality"] < 1.2 * share[False]["quality"]
    rows = [row for row in found.rows if row.gauge == "complaints_delivery"]
    assert len(rows) > 40 and max(row.end for row in rows) <= date(2018, 3, 2)
