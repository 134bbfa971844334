"""Countries, however a request spells them, and the groups of countries in which one law holds."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

MEMBERS = (
    "at be bg cy cz de dk ee es fi fr gr hr hu ie it lt lu lv mt nl pl pt ro se si sk "
    "ax gf gp mf mq re yt"  # parts of a member with a code of their own, where the law of the Union holds
)
GROUPS = {"eu": frozenset(MEMBERS.split()), "eea": frozenset([*MEMBERS.split(), "is", "li", "no"])}
GROUP_NAMES = {"european union": "eu", "european economic area": "eea"}
SEPARATORS = re.compile(r"[\s_\-\u2010-\u2015]+")
SUBDIVISION = re.compile(r"([A-Za-z]{2})[-_/\u2010-\u2015][A-Za-z0-9]{1,3}")  # ISO 3166-2
ENDS = " .,;:!?\"'"
APOSTROPHES = re.compile("['\u2018\u2019\u02bc]")
APOSTROPHES = re.compile("['`\u00b4\u2018\u2019\u02bc]")
MOST = 200  # characters of a country's name


@lru_cache(20_000)
def folded(text: str) -> str:
    """A text without what nobody means by it: capitals, spaces at its ends, several of them, or other signs that part
    words, invisible characters, apostrophes, punctuation at its ends. What has nothing else stays: "?" is not silence."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", APOSTROPHES.sub("", text)).casefold())
    if not plain.isascii():
        plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return SEPARATORS.sub(" ", plain).strip(ENDS) or plain.strip()


def country_of(text: str) -> tuple[str, bool]:
    """(ISO 3166-1 code in small letters, whether the text names the country itself and not a part of it, as "DE-BY" or
    "Bavaria, Germany" do); ("", False) of what is no country."""
    known, word = _countries(), folded(text[:MOST])
    if word in known:
        return known[word], True
    part = SUBDIVISION.fullmatch(text.strip())
    if part and part[1].lower() in known:
        return known[part[1].lower()], False
    pieces = {known[p] for p in map(folded, re.split(r"[,;/()]", text[:MOST])) if p in known}
    return (pieces.pop(), False) if len(pieces) == 1 else ("", False)


@cache
def _countries() -> dict[str, str]:
    """Every code and name, folded → code. The folded form of "U.K." is "u.k"."""
    found = {}
    for line in Path(__file__).with_name("countries.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            two, three, names = line.split(" ", 2)
            found |= {folded(name): two.lower() for name in (two, three, *names.split("|"))}
    return found
