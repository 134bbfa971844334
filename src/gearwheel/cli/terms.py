"""`gearwheel terms`: what to agree with customers, sellers and tenants, and what to do with a saving."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, cache_option, echo_json, json_option, plain, say_next, seed_option, wheel_argument
from gearwheel.cli.progress import progress


@click.command(cls=Verb)
@wheel_argument
@click.argument("kind", metavar="KIND")
@click.option("--outcome", metavar="VARIABLE", help="What to judge by. [default: the wheel's first declared outcome]")
@click.option(
    "--years",
    type=float,
    help="Over how long. [default: the wheel's horizon; of a business's own events at least 2 years and twice its slowest loop]",
)
@click.option("--level", is_flag=True, help="The value at the end, instead of the sum over the time.")
@click.option("--try", "tried", multiple=True, metavar="TERM=A,B,…", help="Settings of a term; may be repeated.")
@click.option("--saving", type=float, default=0.05, show_default=True, help="pass-through: the share that is saved.")
@click.option("--on", metavar="VARIABLE", help="pass-through: on which money. [default: purchases]")
@click.option("--wait", type=float, default=1.0, show_default=True, help="pass-through: years until, or over which.")
@click.option("--data", metavar="PATH", help="membership: a mapping.toml, or its folder, with memberships and orders.")
@click.option("--changed", type=click.DateTime(["%Y-%m-%d"]), help="membership: day of a launch or change of terms.")
@click.option("--out", metavar="FILE", help="Write the whole result there as JSON.")
@seed_option
@cache_option
@json_option
def terms(
    wheel: str, kind: str, outcome: str | None, years: float | None, level: bool, tried: tuple[str, ...], saving: float,
    on: str | None, wait: float, data: str | None, changed, out: str | None, seed: int, no_cache: bool, as_json: bool,
) -> None:  # fmt: skip
    """Try the terms that WHEEL's business sets with others, and print the best ones with how sure that is.

    KIND is pass-through, membership, sellers, fulfilment, hosting, or any gear of the wheel that has levers.

    \b
    Examples:
      gearwheel terms shop pass-through --saving 0.05
      gearwheel terms amazon membership
      gearwheel terms myshop membership --data myshop/mapping.toml
    """
    from gearwheel.api import open

    model = open(wheel)
    settings = dict(_settings(text) for text in tried)
    with progress() as shown:
        fit = model.fit(seed=seed, progress=shown, cache=not no_cache)
        found = fit.terms(
            kind, outcome, years=years, how="level" if level else None, settings=settings, saving=saving, on=on,
            wait=wait, data=data, changed=changed.date() if changed else None, progress=shown,
        ).found  # fmt: skip
    if out:
        _write(found, out)
    if as_json:
        echo_json({"wheel": wheel, "terms": found})
        return
    for line in _told(found):
        click.echo(plain(line))
    if out:
        click.echo(f"\n{out}")
    say_next("levers", wheel)


def _told(found: dict) -> list[str]:
    from gearwheel.show import words_terms as words

    tables = [_passed_table(t, found["unit"]) for t in found.get("timings", ())] or [
        _term_table(t, found) for t in found["terms"]
    ]
    said = [*words.terms(found), words.selection(found), *words.past(found)]
    if found.get("member_effect"):
        said += ["", "From the events:", *words.effect(found["member_effect"])]
    return [f"{t}\n" for t in tables] + [s for s in said if s or s == ""]


def _term_table(one: dict, found: dict) -> str:
    from gearwheel.cli.text import measured, table
    from gearwheel.show.figures import amount
    from gearwheel.show.words_terms import better, was_tried

    rows, unit = [], one["unit"].split("/")[0]
    moved = {n for s in one["settings"] for n, change in s["shown"].items() if change and any(change.values())}
    about = (found.get("shown") or {}).items()
    shown = [(n, told["unit"]) for n, told in about if told["how"] == "level" and n in moved][:2]
    for setting in one["settings"]:
        now = setting["value"] == one["present"]
        mark = " (now)" if now else "" if was_tried(one, setting["value"]) else " (never tried)"
        cells = [cell for n, its in shown for cell in measured(setting["shown"].get(n), its)]
        rows.append((amount(setting["value"], unit) + mark, *measured(setting["effect"], found["unit"]),
                     "" if now else better(setting), *cells))  # fmt: skip
    heads = [h for n, _ in shown for h in (f"change of {n.rsplit('.', 1)[-1].replace('_', ' ')}", "90 %")]
    return table((one["title"], "change", "90 %", "better", *heads), rows)


def _passed_table(one: dict, unit: str) -> str:
    from gearwheel.cli.text import measured, spanned, table
    from gearwheel.show.figures import chance, number, percent

    rows = [
        (percent(s["value"]), *measured(s["against_keeping"], unit), chance(s["probability_better"]),
         measured(s["returned"], unit)[0], number((s["volume"] or {}).get("median")), spanned(s["half_time"])[0])
        for s in one["settings"][::2]
    ]  # fmt: skip
    head = (f"passed on {one['when']}", "against keeping", "90 %", "better", "returned", "volume", "half way after")
    return table(head, rows)


def _settings(text: str) -> tuple[str, list[float]]:
    from gearwheel.wheel.errors import GearwheelError

    name, _, values = text.partition("=")
    try:
        return name.strip(), [float(v) for v in values.split(",")]
    except ValueError:
        raise GearwheelError(f"--try {text}: give numbers, such as fee=79,99,119.") from None


def _write(found: dict, out: str) -> None:
    import json
    from pathlib import Path

    from gearwheel.run.store import plain as as_plain
    from gearwheel.run.store import save_atomically
    from gearwheel.wheel.errors import GearwheelError

    if Path(out).exists():
        raise GearwheelError(f"{out} exists. Give another name or move it away.")
    save_atomically(Path(out), json.dumps({**as_plain(found), "made_by": "gearwheel"}, indent=1).encode())
