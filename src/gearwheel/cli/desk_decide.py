"""`gearwheel desk decide`: a file of requests decided at once."""

from __future__ import annotations

import click

from gearwheel.cli.frame import PROBLEM, Verb, echo_json, json_option, plain, say_next
from gearwheel.cli.progress import progress

MOST_SHOWN = 5


@click.command(cls=Verb)
@click.argument("requests")
@click.option("--policy", required=True, metavar="FILE", help="The policy, as `gearwheel desk new` writes one.")
@click.option("--out", required=True, metavar="FILE", help="Parquet file of the decisions.")
@click.option("--customers", metavar="FILE", help="What is known of customers, as `gearwheel desk prepare` writes it.")
@click.option("--knowledge", metavar="FILE", help="What was learned, as `desk prepare` and `desk learn` write it.")
@click.option("--store", metavar="URL", help="The log: a path or postgresql://… [default: desk.db beside --out]")
@click.option(
    "--clock",
    type=click.Choice(["now", "requested"]),
    default="now",
    show_default=True,
    help="When a request counts as decided, for caps: now, or when it was asked.",
)
@json_option
def decide(
    requests: str,
    policy: str,
    out: str,
    customers: str | None,
    knowledge: str | None,
    store: str | None,
    clock: str,
    as_json: bool,
) -> None:
    """Decide on every request of a Parquet or CSV file, and log each decision.

    A request that cannot be decided goes to a second file, OUT with `.rejected` in its name, with the reason; nothing
    is decided on it. A request that the log knows already is not decided again. Name requests by a column `key`, or
    they are named by what they say.

    \b
    Examples:
      gearwheel desk decide requests.parquet --policy policy.toml --out decisions.parquet
      gearwheel desk decide last-month.csv --policy policy.toml --out decisions.parquet --clock requested
    """
    from contextlib import closing
    from pathlib import Path

    from gearwheel.desk.batch_files import refuse_given
    from gearwheel.desk.batch_run import decide_file
    from gearwheel.desk.opened import read_papers
    from gearwheel.desk.store import open_store

    refuse_given(Path(out), (customers,))
    papers = read_papers(policy, customers, knowledge)
    log = store or str(Path(out).with_name("desk.db"))
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    with progress() as shown, closing(open_store(log)) as opened:
        found = decide_file(papers, requests, out, opened, clock=clock, progress=shown)
    if as_json:
        echo_json({"out": out, "store": log, **as_data(found)})
    else:
        click.echo(plain(summary_text(found, papers.policy, bool(customers))))
        click.echo(plain(f"{out}\nlog: {log}"))
        say_next("desk", "replay", log)
    if found.rejected and not found.decided:
        click.get_current_context().exit(PROBLEM)


def as_data(found) -> dict:
    """The summary as JSON has it."""
    fields: dict[str, dict[str, int]] = {}
    for (name, said), times in found.unnamed.items():
        fields.setdefault(name, {})[said] = times
    return {**vars(found), "unnamed": fields}


def summary_text(found, policy, customers: bool) -> str:
    """What was decided, by action; money, lots, rules, caps, and what was rejected. `customers`: a file of them was given."""
    from gearwheel.cli.text import table
    from gearwheel.desk.conditions import PLACE

    currency, rights = policy.currency, {r.name for r in policy.rights}
    rows = [
        (action, f"{times:,}", f"{times / found.decided:.1%}", f"{found.spent[action]:,.2f}")
        for action, times in found.actions.most_common()
    ]
    said = [table(("answer", "times", "share", f"given away, {currency}"), rows)] if rows else []
    if found.decided:
        saved = found.fallback_cost - found.expected_cost
        before = found.decided - found.fresh
        said.append(
            f"{found.decided:,} decided{f', {before:,} of them before' if before else ''}, expected to cost {found.expected_cost:,.2f} {currency}; the fallback alone would "
            f"cost {found.fallback_cost:,.2f} ({'less' if saved < 0 else 'more'} by {abs(saved):,.2f})."
        )
        if customers:
            said.append(f"{found.known:,} are of customers of whom the file tells something.")
        said.append(f"{found.drawn:,} were drawn by lot and are not what is believed to be best.")
    said += [
        f"{'Right' if name in rights else 'Rule'} {name} applied to {times:,}."
        for name, times in found.rules.most_common()
    ]
    said += [f"Cap {name} was used up for {times:,}." for name, times in found.caps.most_common()]
    for name in dict.fromkeys(name for name, _ in found.unnamed):
        texts = [f"{said!r} ({times:,})" for (of, said), times in found.unnamed.most_common() if of == name]
        more = f" and {len(texts) - MOST_SHOWN:,} more" if len(texts) > MOST_SHOWN else ""
        said.append(f"No rule or right names the {name} {', '.join(texts[:MOST_SHOWN])}{more}.")
    nowhere = [text for name, text in found.unnamed if name == PLACE and not policy.reader.meanings(PLACE, text)]
    if nowhere:
        said.append(
            f"{', '.join(map(repr, nowhere[:MOST_SHOWN]))}: no country that the desk knows, so it counts as not said."
        )
    for code, times in found.rejected.most_common():
        row, message = found.example[code]
        said.append(f"{times:,} rejected ({code}), such as row {row}: {message}.")
    return "\n".join(said) or "There was nothing to decide."
