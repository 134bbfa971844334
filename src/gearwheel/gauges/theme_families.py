"""The four families of complaints, told from a small lexicon of seed words in several languages."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path

from gearwheel.gauges.theme_words import folded, unspaced

FAMILIES = ("delivery", "quality", "price", "service", "other")
OTHER = "other"
LEAST = 0.15  # share of a theme's weight that seeds must hold to give it a name


@cache
def _seeds() -> dict[str, tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]]:
    """Family to whole words, beginnings of words, and strings that may stand anywhere; in the order of ties."""
    raw = tomllib.loads(Path(__file__).with_name("families.toml").read_text("utf-8"))
    sorted_out = {}
    for family, languages in raw.items():
        seeds = [folded(seed) for entries in languages.values() for seed in entries]
        anywhere = tuple(seed for seed in seeds if unspaced(seed))
        spaced = [seed for seed in seeds if seed not in anywhere]
        beginnings = tuple(seed[:-1] for seed in spaced if seed.endswith("*"))
        sorted_out[family] = frozenset(spaced), beginnings, anywhere
    return sorted_out


@lru_cache(maxsize=200_000)
def family_of_word(word: str) -> str:
    """The family of one folded word (or pair of characters), "" when no seed matches."""
    for family, (whole, beginnings, anywhere) in _seeds().items():
        if word in whole or (beginnings and word.startswith(beginnings)):
            return family
        if unspaced(word) and any(seed in word or word in seed for seed in anywhere):
            return family
    return ""


def family_of_theme(weights: Mapping[str, float]) -> str:
    """The family of a theme's terms and their weights, "other" where seeds hold too little of the weight."""
    held: Counter[str] = Counter()
    for term, weight in weights.items():
        families = {family_of_word(word) for word in term.split()} - {""}
        for family in families:
            held[family] += weight / len(families)
    best = _most(held)
    return best if held[best] >= LEAST * sum(weights.values()) else OTHER


def family_of_text(words: Iterable[str], otherwise: str) -> str:
    """The family that most of a text's own seed words name, or `otherwise` (that of its theme) where it has none."""
    held = Counter(family for family in map(family_of_word, set(words)) if family)
    return _most(held) if held else otherwise


def _most(held: Mapping[str, float]) -> str:
    """The family that holds most; in a tie the one that the lexicon names first."""
    return max(_seeds(), key=lambda family: held.get(family, 0))
