#!/usr/bin/env python3
"""Writes docs/reference.md, docs/rules.md and docs/gauges.md from the code, so that they cannot say anything else.

`python scripts/reference.py` writes them; with `--check` it writes nothing and exits with 1 where one is out of date.
"""

from __future__ import annotations

import csv
import inspect
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "gearwheel"
if str(SOURCE.parent) not in sys.path:
    sys.path.insert(0, str(SOURCE.parent))

MADE = "<!-- written by scripts/reference.py; do not edit -->"

# Codes that no rule file carries: they come up where a file is read, assembled, saved, set or measured.
OTHER_CODES = {
    "A trial run, as part of `check`": {
        "GW308": "A variable has no finite value at some time: what needs it has none either. A warning.",
        "GW309": "A stock on a log scale, for what is always above 0, falls below 0, or a nonnegative one starts there. A warning.",
        "GW310": "The horizon is no whole number of time steps, so runs end before or after it. A warning.",
    },
    "Reading a file": {
        "GW100": "No bundled wheel or gear has this name, and there is no such file.",
        "GW101": "The file cannot be read: missing, not a file, too large, too deep, too many parts, or not UTF-8 text.",
        "GW102": "The file is not TOML, perhaps cut off.",
        "GW103": "There is no such kind of part.",
        "GW104": "Something that must be a table is not, or a part has no name.",
        "GW105": "A part, a belief or the header has no such key.",
        "GW106": "This is no time unit.",
        "GW107": "This cannot be a name: letters, digits and _ only.",
        "GW108": "A part lacks a key that it needs, or a parameter has both a value and a belief, or neither.",
        "GW109": "A value is of the wrong kind, such as text where a number belongs.",
        "GW110": "A gauge cannot be read in this way.",
    },
    "Assembling gears": {
        "GW120": "The wheel file adjusts a part that its gear does not have, or an element that is in no array.",
        "GW121": "A mesh names an in-port that the gear does not have, or a port combines in an unknown way.",
        "GW122": "An in-port without a default is not meshed.",
        "GW123": "A port or a mesh names a source that does not exist.",
        "GW124": "An equation cannot be read, or grows too large when its forms are written out.",
        "GW125": "A part is by a dimension that does not exist, or arrays have too many elements.",
        "GW126": "An array is used without picking or summing its elements.",
        "GW127": "A gear is a wheel of gears itself; gears do not nest.",
        "GW128": "A form that remembers or delays stands in a start value, a noise or a cost; only a flow or an auxiliary can have one.",
        "GW129": "Two things mesh whose units differ.",
    },
    "Saving, setting, asking": {
        "GW130": "A file is in the way and is not what the wheel was read from, or it cannot be written.",
        "GW131": "An assembled wheel is not saved; its source is.",
        "GW140": "No lever or parameter has this name.",
        "GW141": "A lever is set outside its limits.",
        "GW142": "No variable has this name, or several gears have one.",
        "GW143": "A run must be longer than nothing, and not endless.",
        "GW144": "A plan is asked for profit, and the wheel computes none.",
        "GW145": "A plan is asked with a number that makes no sense.",
        "GW146": "There is no such lever, or none that the business may set.",
        "GW147": "A condition to keep cannot be read, or names no variable.",
        "GW148": "No plan keeps all conditions.",
        "GW149": "A run would keep more numbers than there is memory for, or take too many steps.",
        "GW150": "`gearwheel new` cannot make this wheel: its name or what it should be made from.",
        "GW151": "The loops of a wheel are too many, or its time steps too short, to be measured in minutes.",
        "GW152": "A push is asked of a lever that is none, that the world sets, or that costs nothing.",
        "GW153": "A push is asked with a number that makes no sense.",
        "GW154": "The wheel has no size to be judged by, or no lever with a cost to push with.",
        "GW155": "The wheel has no gear with terms of this kind.",
        "GW156": "A term is unknown, lies outside its limits, or has none.",
        "GW157": "A saving is none, is on a variable that the wheel does not have or that is no money per time, or waits for no time.",
        "GW158": "Events hold no memberships, or too few to compare members with others, or a survey of members lacks numbers.",
        "GW159": "The wheel starts far from what its record measures first: beyond four standard deviations of its beliefs and the gauge's error together.",
        "GW160": "Figures of a company stand in a column for each metric or for each period; a record has one row for each measurement.",
        "GW161": "No plan: the wheel does not reproduce the sales, a cost or the profit of the last year within their errors.",
    },
    "Measured series": {
        "GW401": "The record cannot be read: missing, too large, not UTF-8, or not CSV.",
        "GW402": "The first line does not name the nine columns.",
        "GW403": "A row has too few or too many cells.",
        "GW404": "The wheel has no such gauge.",
        "GW405": "The unit of a row is not its gauge's; nothing is converted silently.",
        "GW406": "A value is missing or is not a number.",
        "GW407": "A value is not finite.",
        "GW408": "A value does not exist on its gauge's scale: a logarithm of 0, a share above 1.",
        "GW409": "This is no date.",
        "GW410": "A period has no start, or ends before it begins.",
        "GW411": "A row lies before the wheel's start.",
        "GW412": "A period is shorter than one time step, or does not lie on the time grid.",
        "GW413": "A gauge was measured twice for one period.",
        "GW414": "The periods of two sums overlap, so money would count twice.",
        "GW415": "This bound is neither `above` nor `below`.",
        "GW416": "An error is not above 0.",
        "GW417": "So many problems that the rest of the file was not read.",
        "GW418": "Files of one table differ in their columns: which file lacks which. A note.",
        "GW419": "A file or table looks like a part of one that is read, and is not read; or nothing is read from it. A note.",
        "GW420": "These are not the results of a run.",
        "GW421": "A file of a table lacks a column that a needed column is read from.",
        "GW422": "Ids of orders stand in several files for other customers or days, as of two shops.",
        "GW423": "Nearly every line has a twin in its order: the rows seem to be written twice.",
        "GW424": "Customer ids differ in zeros before them or in capitals alone, or a spreadsheet has cut ids.",
    },
    "Sources of events": {
        "GW430": "How a file was read, or why it was passed over: its encoding, its delimiter, a spreadsheet, an empty file. A note.",
        "GW431": "There is no source there, or nothing in it can be read.",
        "GW432": "A CSV file breaks its own form: its delimiter cannot be told, or a line has other cells than the first.",
        "GW433": "The cache cannot be written or has no room.",
        "GW434": "The database or a table cannot be read, or went away half way; a rerun goes on where it stopped.",
        "GW435": "Something was found while events were read: rows left out, keys joined. A note.",
        "GW436": "Dates or numbers of a column can be read in two ways; `date_order` or `decimal` settles it.",
        "GW437": "There is no such adapter, the source is not as the adapter has it, or nothing gives a needed table.",
        "GW438": "A needed table has no row that can be used.",
        "GW439": "Nothing in the source looks like orders, or nothing says what was paid.",
    },
    "The mapping": {
        "GW440": "There is no mapping, or it cannot be read.",
        "GW441": "The mapping is not TOML, perhaps cut off.",
        "GW442": "A mapping has no such key, canonical table or column.",
        "GW443": "The mapping lacks its source, a needed table or a needed column.",
        "GW444": "A value of the mapping is of the wrong kind, or cannot be.",
        "GW445": "The mapping cannot be written, or a file is in the way.",
        "GW446": "The source has no such table or column, or an expression is more than a mapping may hold.",
        "GW476": "The mapping names a database that you have not used before. Nothing was sent to it; `gearwheel measure FOLDER --connect` says that you trust it.",
        "GW477": "A file asks for more work than a table of orders is worth: one line of more than 16 MiB, more than 500 columns, text that unpacks to 200 times its size, or a view that does not end.",
    },
    "Checks of the data": {
        "GW450": "A needed table or column is empty in places.",
        "GW451": "A key stands more than once.",
        "GW452": "The busy hours lie at night: the time zone seems wrong; or orders carry no time of day.",
        "GW453": "Dates lie in the future, or before 1990.",
        "GW454": "What comes later has the earlier date.",
        "GW455": "Pieces, money or scores lie outside what they can be.",
        "GW456": "Money comes in several currencies.",
        "GW457": "Rows point to something that is not there.",
        "GW458": "Orders look like tests, or many lines are for nothing.",
        "GW459": "A customer's id is new for every order, one customer stands for many, or an id names nobody.",
        "GW470": "The lines of invoices do not add up to their totals: lines are missing, or a discount or a tax is not named.",
        "GW471": "Payments that name no invoice were matched with one, or could not be.",
        "GW472": "Money that a system records is no sale, or counts in a way that is good to know: held, not paid, tax on top, paid from a balance, or refunded without a date.",
        "GW473": "The totals that a shop's own tables state do not agree with their lines.",
        "GW474": "A shop's export lacks a column, and something is not known without it.",
        "GW475": "What an adapter decided: rows left out or put together, orders told apart, gift cards.",
        "GW480": "A stretch of days without orders where many were to be expected.",
        "GW481": "The last days of the record seem incomplete: late rows.",
        "GW482": "The last period is not over and is left out.",
        "GW483": "Orders jump from one week to the next and stay there.",
        "GW484": "Statuses read like a cancelled order and count as sales.",
    },
    "Measuring": {
        "GW460": "The head of a measure view is not as it must be.",
        "GW461": 'This grain or this window of "active" cannot be measured.',
        "GW462": "There is no such gauge, or it was not measured; the hint says why.",
        "GW463": "The database gave up while measuring.",
        "GW465": "A measure view is not one SELECT.",
        "GW466": "A measure view names an unknown table or column.",
        "GW467": "A measure view leaves the portable part of SQL.",
        "GW468": "There is no such dialect.",
        "GW469": "Spark or Java is missing, a table is not where Spark looks, or Spark gave up.",
    },
    "A wheel from events, and its customers": {
        "GW490": "The record is too short for a wheel.",
        "GW491": "The file holds measured series, and none of them has the name of a known gauge.",
        "GW492": "Measured series stand in several files, or in none that is a CSV.",
        "GW493": "The record of a new wheel would replace the file that it is made from.",
        "GW494": "Nobody had bought by the day that was asked about.",
        "GW495": "A purchase history is impossible, such as a last purchase before the first.",
        "GW496": "This is no unit of time for purchases.",
        "GW497": "Money of customers comes in several currencies.",
        "GW498": "There is no such customer model.",
        "GW499": "No repeat purchase has a positive spend, so there is no model of spend.",
    },
    "The desk": {
        "GW500": "The policy cannot be read: missing, too large or not UTF-8 text.",
        "GW501": "The policy is not TOML, perhaps cut off, or nests too deeply.",
        "GW502": "The policy names something that does not exist, lacks something, or has a value of the wrong kind.",
        "GW503": "The policy contradicts itself, or a number cannot be.",
        "GW510": "A field of a request, or a column of a table of requests, is missing.",
        "GW511": "A field or a file of the desk is of the wrong type or form, or a body is no JSON object.",
        "GW512": "A number of a request cannot be: a negative price, no quantity, or one too large.",
        "GW513": "Nothing is known of the customer, and the policy refuses those.",
        "GW514": "The price is in another currency than the policy.",
        "GW515": "A time lies in the future.",
        "GW516": "An Idempotency-Key was used for another request.",
        "GW517": "A body is too large.",
        "GW518": "The desk's store or a file of it cannot be read or written now; nothing was recorded.",
        "GW519": "The log does not replay: a record was changed, or comes out otherwise.",
        "GW520": "A policy cannot be evaluated: the log never could or never did answer what it would, or no cost is known.",
        "GW521": "Something cannot be learned: an action was never drawn by lot, all is of one customer, or the customers' records are missing.",
        "GW522": "The service has no such path, method or decision.",
        "GW523": "Who may not ask the service, or where it may not or cannot listen.",
        "GW524": "The service is asked too often, or too many requests wait.",
        "GW525": "The service failed on a request; nothing was recorded.",
        "GW526": "A request came before the delivery that it is about.",
        "GW527": "An amount of an outcome is negative, or more than 20 times what was claimed, and not said to be sure.",
        "GW528": "An outcome came before its decision.",
        "GW529": "A policy is evaluated on a log in which nothing was ever told of an answer: what that means has to be said.",
    },
}


def rules_page() -> str:
    """Every code with its one line; those of rules from their docstrings."""
    from gearwheel.wheel.rules import RULES

    own = sorted((rule.CODE, inspect.getdoc(rule).splitlines()[0]) for rule in RULES)
    parts = [
        "# Rules and error codes",
        MADE,
        "Codes are stable. Each message names file and line where it can, and most come with a hint. An error ends with "
        "exit code 1 and nothing written; a warning (GW3xx) does not stop anything.",
        "## Rules of a wheel, GW2xx",
        _table(("code", "what it says"), [r for r in own if r[0] < "GW300"]),
        "## Warnings, GW3xx",
        _table(("code", "what it says"), [r for r in own if r[0] >= "GW300"]),
    ]
    for title, codes in OTHER_CODES.items():
        parts += [f"## {title}", _table(("code", "what it says"), codes.items())]
    return _page(parts)


def reference_page() -> str:
    """Command line, functions and forms, the library's beliefs, the record."""
    return _page(["# Reference", MADE, *_verbs(), *_functions(), *_library(), *_record()])


def _verbs() -> list[str]:
    import click

    from gearwheel.cli import main

    parts = ["## The command line", _help(main.help)]
    for name, verb in _commands(main):
        if isinstance(verb, click.Group):
            parts += [f"### {name}", _help(verb.help)]
            continue
        arguments = [p for p in verb.params if isinstance(p, click.Argument)]
        options = [p for p in verb.params if isinstance(p, click.Option)]
        shown = " ".join(["gearwheel", name, *(a.metavar or a.name.upper() for a in arguments), "[options]"])
        rows = [(_option(o), _default(o)) for o in options]
        parts += [f"### {name}", f"`{shown}`", _help(verb.help), _table(("option", "what it does"), rows)]
    return parts


def _commands(group, before: str = ""):
    """(name as typed, command), those of a group after the group."""
    for name, command in group.commands.items():
        yield before + name, command
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")


def _option(option) -> str:
    value = "" if option.is_flag else f" {option.metavar or option.type.name.upper().replace(' RANGE', '')}"
    return f"`{', '.join(option.opts)}{value}`"


def _default(option) -> str:
    plain = isinstance(option.default, int | float | str) and not isinstance(option.default, bool)
    return option.help + (f" [default: {option.default}]" if option.show_default and plain else "")


def _help(text: str) -> str:
    """A help text as Markdown: what click keeps as it is (after \\b) becomes a block of text."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    shown = []
    for paragraph in paragraphs:
        if paragraph.startswith("\b\n"):
            shown.append("```text\n" + paragraph[2:].rstrip() + "\n```")
        else:
            shown.append(" ".join(paragraph.split()))
    return "\n\n".join(shown)


def _functions() -> list[str]:
    from gearwheel.wheel.forms import PRIMITIVES, describe, forms

    primitive = [(f"`{n}`", _counted(*bounds)) for n, bounds in PRIMITIVES.items() if re.fullmatch(r"\w+", n)]
    primitive = [row for row in primitive if row[0] not in ("`neg`", "`not`", "`and`", "`or`")]
    rows = []
    for name, form in forms().items():
        signature, rest = describe(name).split(" = ", 1)
        equation, sentence = rest.split(": ", 1)
        neutral = "" if form.neutral is None else f"{form.strength} = {form.neutral:g}"
        belief = " to ".join(f"{b:g}" for b in (form.belief[0], form.belief[-1])) if form.belief else ""
        rows.append((f"`{signature}`", f"`{equation}`", sentence, neutral, belief))
    head = ("form", "equals", "in words", "no effect", "default belief, 80 %")
    return [
        "## Functions and forms",
        "Everything that may stand before a bracket in an equation.",
        _table(("function", "arguments"), primitive),
        _table(head, rows),
    ]


def _counted(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}"


def _library() -> list[str]:
    from gearwheel.wheel.read import parse_wheel

    parts = [
        "## Beliefs of the library",
        "80 % ranges as the gear files state them, for gears as they are; a wheel may lay its own over them.",
    ]
    for file in sorted((SOURCE / "gears").glob("*.toml")):
        gear = parse_wheel(file.read_text("utf-8"), file.name)
        rows = [
            (
                f"`{name}`",
                p.unit,
                f"{p.belief.low:g} … {p.belief.centre:g} … {p.belief.high:g}",
                p.belief.shape,
                p.because,
            )
            for name, p in gear.parameter.items()
            if p.belief
        ]
        parts += [f"### {gear.name}", gear.title, _table(("belief", "unit", "80 % range", "shape", "because"), rows)]
    return parts


def _record() -> list[str]:
    from gearwheel.wheel.read import parse_wheel

    folder = SOURCE / "gears" / "amazon"
    gauges = parse_wheel((folder / "wheel.toml").read_text("utf-8"), "wheel.toml").gauge
    with (folder / "record.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    rows = []
    for name, gauge in gauges.items():
        mine = [line for line in lines if line["gauge"] == name]
        sure = Counter(line["confidence"] for line in mine)
        first = min((line["start"] or line["end"] for line in mine), default="")
        last = max((line["end"] for line in mine), default="")
        bounds = sum(bool(line["bound"]) for line in mine)
        told = ", ".join(f"{count} {word}" for word, count in sorted(sure.items()))
        measure = f"ratio({gauge.of}, {gauge.over})" if gauge.over else f"{gauge.measure} of {gauge.of}"
        rows.append(
            (f"`{name}`", f"`{measure}`", gauge.scale, f"{gauge.error:g}", len(mine), bounds, first, last, told)
        )
    head = ("gauge", "reads", "scale", "error", "rows", "one-sided", "from", "until", "how sure")
    return ["## The record of the amazon wheel", _table(head, rows)]


GAUGES_SAY = """\
Every gauge that events can measure: its definition stands beside its number in the report and in \
`gearwheel measure FOLDER --define`. What lies behind all of them, from what counts as an order to how errors are told, \
is on [Measuring](measuring.md).

`D` stands for the mapping's `active_days`. *Reads* is the variable that the gauge measures in the library gear, and how: \
`end` is its value at the end of the period, `sum` what flowed in it, `mean` its mean, `ratio` one flow over another. \
A gauge that reads nothing is shown and not fitted; an own wheel may bind it to a variable of its own. *Needs* names \
canonical tables and columns; without them the gauge is not measured, and the report says so."""


CANONICAL_SAY = """\
What every source is mapped to and every gauge is measured from. Times are UTC, money is in the currency of its order, \
shares are ratios. A column that is needed must be mapped where its table is."""


def gauges_page() -> str:
    """One table a gear: what can be measured from events, how it is defined and how sure it is."""
    from gearwheel.gauges.catalogue import catalogue

    head = ("gauge", "title", "unit", "definition", "sampling error", "needs", "reads")
    parts = ["# Gauges", MADE, GAUGES_SAY]
    gears = {measure.gear: [] for measure in catalogue().values()}
    for measure in catalogue().values():
        gears[measure.gear].append(_gauge(measure))
    for gear in sorted(gears):
        parts += [f"## {gear.capitalize()}", _table(head, gears[gear])]
    return _page([*parts, *_canonical()])


def _canonical() -> list[str]:
    """What every source is mapped to."""
    from gearwheel.gauges.canonical import tables

    parts = ["## Canonical tables", CANONICAL_SAY]
    for table in tables().values():
        rows = [(f"`{c.name}`", c.type, "yes" if c.needed else "", c.says) for c in table.columns.values()]
        needed = " The table is needed." if table.needed else ""
        one = f"{table.title}; a row is one {', '.join(f'`{key}`' for key in table.key)}.{needed}"
        parts += [f"### {table.name}", one, _table(("column", "type", "needed", "what it is"), rows)]
    return parts


def _gauge(measure) -> tuple[str, ...]:
    name = f"`{measure.gauge}`" + (" (without a list)" if measure.instead_of else "")
    reads = (
        f"`{measure.of}`, {measure.measure}"
        if measure.of
        else ""
        if "ratio" not in measure.measure
        else f"`{measure.measure}`"
    )
    return (
        name,
        measure.title,
        measure.unit,
        measure.definition.replace("{active_days}", "D"),
        measure.error,
        ", ".join(f"`{need}`" for need in measure.needs),
        reads,
    )


def _table(head, rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(c).replace("|", "\\|") for c in line) + " |" for line in lines)


def _page(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


PAGES = {"docs/reference.md": reference_page, "docs/rules.md": rules_page, "docs/gauges.md": gauges_page}


def main(arguments: list[str]) -> int:
    stale = []
    for name, make in PAGES.items():
        path, text = ROOT / name, make()
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text, "utf-8")
    print(*(f"{name}: {'out of date' if '--check' in arguments else 'written'}" for name in stale), sep="\n")
    return int("--check" in arguments and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
