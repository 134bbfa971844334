"""The card that every part of the report is: a title, one sentence with its numbers, a body, and what it leaves open."""

from __future__ import annotations

import re

from gearwheel.show.notes import NOTES
from gearwheel.show.svg import escaped, tag


def tied(sentence: object) -> str:
    """Escaped text whose figures keep their units on the same line."""
    text = re.sub(r"(?<=\d) (?=(?:%|m|bn|tn)(?![a-z]))", "\u00a0", escaped(sentence))
    return re.sub(r"\b([A-Z]{3}) (?=\d)", "\\1\u00a0", text)


def paragraphs(*sentences: str, css: str = "") -> str:
    """Each sentence that is one as a paragraph."""
    return "".join(tag("p", tied(s), class_=css or None) for s in sentences if s)


def card(anchor: str, title: str, sentence: str, body: str, note: str) -> str:
    """A section; `note` names what it does not establish."""
    said = paragraphs(sentence, css="says")
    limits = f'<p class="note"><b>What this does not establish.</b> {escaped(NOTES[note])}</p>'
    return f'<section id="{anchor}"><h2>{escaped(title)}</h2>{said}{body}{limits}</section>'


def folded(summary: str, content: str) -> str:
    """Content behind a line that opens it, nothing where there is none."""
    return f"<details><summary>{escaped(summary)}</summary>{content}</details>" if content else ""
