"""Texts of any language → words: private things masked, accents folded, words or pairs of characters, stop words.

Words are runs of letters. Scripts written without spaces (Chinese, Japanese, Thai, …) are cut into pairs of
neighbouring characters, the usual index terms for them (Nie & Ren 1999).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable

MOST_CHARACTERS = 2000  # of one text: what follows says nothing new and costs time
COMMON = 0.3  # a word in so large a share of texts tells no theme
SHORT, SHORT_COMMON = 3, 0.01  # neither does a short word in a hundredth of them …
RANK, RANK_COMMON = 0.01, 0.05  # … or one of the top hundredth of all words, in a twentieth

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_PHONE = re.compile(r"(?<!\w)\+?\(?\d(?:[ ().\-/]{0,2}\d){7,14}(?!\w)")
_ACCENTS = re.compile("(?<=[\u0041-\u024f])[\u0300-\u036f]+")
_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")


def masked(text: str) -> str:
    """The text with e-mail addresses and telephone numbers blotted out."""
    return _PHONE.sub("[number]", _EMAIL.sub("[e-mail]", text))


def folded(text: str) -> str:
    """In lower case and without the accents of Latin letters: "Não" and "NAO" are one word."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", parts))


def words_of(text: str) -> list[str]:
    """The words of one text, in order; unspaced scripts as pairs of characters. Masked things are no words."""
    clean = _PHONE.sub(" ", _EMAIL.sub(" ", text[:MOST_CHARACTERS]))
    words = []
    for run in _WORD.findall(folded(clean)):
        if unspaced(run):
            words += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        elif len(run) > 1:
            words.append(run)
    return words


def unspaced(word: str) -> bool:
    """Whether it is of a script that puts no spaces between words."""
    return bool(_UNSPACED.search(word))


class Terms:
    """text → terms: its words without stop words, and pairs of those that follow each other."""

    def __init__(self, stop: Collection[str]):
        self.stop = frozenset(stop)

    def __call__(self, text: str) -> list[str]:
        words = [word for word in words_of(text) if word not in self.stop]
        return words + [f"{a} {b}" for a, b in zip(words, words[1:]) if not unspaced(a + b)]


def stop_words(texts: Iterable[str], keep: Callable[[str], object]) -> tuple[str, ...]:
    """Words that stand in too many texts to tell one theme from another, the commonest first.

    Words of which `keep` is true never stop. Nothing is known of any language: all is told from the share of texts
    that hold the word, its length and its rank.
    """
    found: Counter[str] = Counter()
    total = 0
    for text in texts:
        found.update(set(words_of(text)))
        total += 1
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    top = int(RANK * len(ranked))
    return tuple(
        word
        for rank, (word, n) in enumerate(ranked)
        if not keep(word)
        and (
            n >= COMMON * total
            or (len(word) <= SHORT and n >= SHORT_COMMON * total and not unspaced(word))
            or (rank < top and n >= RANK_COMMON * total)
        )
    )
