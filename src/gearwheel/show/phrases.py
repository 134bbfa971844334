"""Turns of phrase that several sentences share."""

from __future__ import annotations

from gearwheel.show.figures import between, percent
from gearwheel.show.values import Span, at, gear_of, label_of, mapping, words_of

TURNS, OTHER_WAY, STILL, UNSURE = "turns", "turns the other way", "does not turn here", "the data cannot tell"
OURS = "gearwheel"
_METHODS = {OURS: "the wheel", "ets": "ETS", "arima": "ARIMA", "theta": "Theta"}


def unknown(what: str) -> str:
    return f"{what} is not known: this run did not compute it."


def variable_words(results: dict, name: object) -> str:
    """The words for a variable, from the graph's labels."""
    name = words_of(name, "something")
    return label_of(name, mapping(at(results, "graph", "nodes")).get(name))


def in_gear(results: dict, name: object) -> str:
    """'selection (marketplace)': the variable's words with its gear."""
    name = words_of(name, "something")
    node = mapping(at(results, "graph", "nodes")).get(name)
    return f"{label_of(name, node)} ({gear_of(name, node).replace('_', ' ')})" if "." in name else label_of(name, node)


def rate(value: float, per: str) -> str:
    return f"{percent(value)} {per}".strip()


def interval(found: Span, show) -> str:
    if found.low is None or found.high is None:
        return "interval not known"
    return f"90 % interval {between(found, show)}"


def conjoined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else "none"


def gauge_words(results: dict, gauge: object) -> str:
    name = words_of(gauge, "a gauge")
    title = words_of(at(results, "series", name, "title"))
    if title in ("", name):
        title = words_of(at(results, "events", "gauges", name, "title")) or title
    return title or name.replace("_", " ")


def method_words(method: str) -> str:
    return _METHODS.get(method, method)
