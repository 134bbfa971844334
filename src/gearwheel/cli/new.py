"""`gearwheel new`: a wheel file to start from, or a wheel of one's own from the events of a business."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, as_dict, echo_json, json_option, plain, say_next


@click.command(cls=Verb)
@click.argument("name")
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="WHEEL|GEAR",
    help="A bundled wheel, or gears; repeat or separate by commas.",
)
@click.option(
    "--data", "source", metavar="SOURCE", help="Events to measure: a folder or file, a database, or a mapping.toml."
)
@click.option("--time-zone", metavar="ZONE", help="With --data: of times without a zone, such as Europe/Berlin.")
@click.option("--currency", metavar="CODE", help="With --data: of the money, such as EUR.")
@click.option("--grain", type=click.Choice(["day", "week", "month"]), help="With --data: the period of a row.")
@click.option("--active-days", type=click.IntRange(1, 3650), help="With --data: how long one stays a customer.")
@click.option("--yes", is_flag=True, help="With --data: accept the proposed mapping without asking.")
@click.option("--dir", "folder", metavar="DIR", help="Folder of the new wheel. [default: NAME]")
@click.option(
    "--force", is_flag=True, help="Replace what is there: wheel.toml, and with --data its mapping.toml or record.csv."
)
@json_option
def new(
    name: str,
    sources: tuple[str, ...],
    source: str | None,
    time_zone: str | None,
    currency: str | None,
    grain: str | None,
    active_days: int | None,
    yes: bool,
    folder: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write a wheel of your own, NAME/wheel.toml, that checks and spins as it is.

    It begins as a small shop of three gears, as the gears that you name, or as a copy of a bundled wheel. With --data
    it has the gears that your events can turn, and `gearwheel run NAME` does the whole way. Nothing is ever written to
    the source.

    \b
    Examples:
      gearwheel new bakery
      gearwheel new bakery --from experience,costs,membership
      gearwheel new rival --from amazon
      gearwheel new myshop --data exports/
      gearwheel new myshop --data postgresql://reader@localhost/shop
    """
    from pathlib import Path

    from gearwheel.cli.starter import check_name, write_starter

    place = Path(folder or name)
    if source is not None:
        if sources:
            raise click.UsageError("--data chooses the gears itself: leave --from out, or leave --data out.")
        check_name(name)
        settings = {"time_zone": time_zone, "currency": currency, "grain": grain, "active_days": active_days}
        _from_data(name, source, place, settings, yes=yes, force=force, as_json=as_json)
        return
    if any(option is not None for option in (time_zone, currency, grain, active_days)) or yes:
        raise click.UsageError("--time-zone, --currency, --grain, --active-days and --yes go with --data.")
    wanted = [part.strip() for given in sources for part in given.split(",") if part.strip()]
    files = write_starter(name, wanted, place, force=force)
    if as_json:
        echo_json({"files": [str(f) for f in files]})
        return
    for file in files:
        click.echo(file)
    say_next("check", str(files[0]))


def _from_data(name: str, source: str, folder, settings: dict, *, yes: bool, force: bool, as_json: bool) -> None:
    from gearwheel.cli.progress import progress
    from gearwheel.run.start_own import free_folder, tidy_file, write_wheel

    tidy = None if _is_mapping(source, folder / "mapping.toml") else tidy_file(source)
    if tidy:
        _from_series(name, tidy, folder, settings.get("currency"), force=force, as_json=as_json)
        return
    mapping_file = folder / "mapping.toml"
    edited = _is_mapping(source, mapping_file)
    free_folder(folder, force, source, ("wheel.toml",))
    if not edited and not _mapped(source, folder, settings, ask=not yes, force=force, quiet=as_json):
        click.echo(plain(f"Edit {mapping_file}, then go on with"), err=True)
        say_next("new", name, "--data", str(mapping_file))
        return
    with progress() as shown:
        measures = write_wheel(name, folder, shown)
    files = [str(mapping_file), str(folder / "wheel.toml")]
    if as_json:
        echo_json({"files": files, "gauges": list(measures["gauges"]), "left_out": measures["left_out"]})
        return
    from gearwheel.show.measured_text import measured_text

    click.echo(plain(measured_text(measures)))
    for experiment, why in measures["experiments_left_out"].items():
        click.echo(plain(f"experiment {experiment} does not enter the wheel: {why}"))
    click.echo()
    for file in files:
        click.echo(file)
    say_next("run", str(folder))


def _from_series(name: str, source, folder, currency: str | None, *, force: bool, as_json: bool) -> None:
    """A wheel bound to a tidy CSV of series that somebody has measured already."""
    from gearwheel.cli.starter import starter_text
    from gearwheel.run.start_own import free_folder
    from gearwheel.run.start_tidy import RECORD, gears_of, write_tidy_wheel

    free_folder(folder, force, str(source), ("wheel.toml", RECORD))
    found = write_tidy_wheel(name, starter_text(name, gears_of(source)), source, folder, currency or "")
    if as_json:
        doubts = [as_dict(p) for p in found["doubts"]]
        told = {
            "bound": found["bound"],
            "unbound": list(found["unbound"]),
            "reasons": found["unbound"],
            "doubts": doubts,
        }
        echo_json({"files": [str(folder / "wheel.toml")], **told})
        return
    click.echo(plain(f"Series bound: {', '.join(found['bound'])}. The wheel starts at their first rows."))
    for series, why in found["unbound"].items():
        click.echo(
            plain(f"Not bound: {series}. {why[:1].upper()}{why[1:].rstrip('.')}. Its rows are left out of {RECORD}.")
        )
    for doubt in found["doubts"]:
        click.echo(plain(str(doubt)))
    click.echo('Replace the numbers marked "yours" before you believe anything.')
    click.echo(folder / "wheel.toml")
    say_next("check", str(folder))


def _is_mapping(source: str, mapping_file) -> bool:
    """Whether the source is the mapping in the wheel's own folder, as edited by the user."""
    from pathlib import Path

    return mapping_file.is_file() and Path(source).exists() and mapping_file.samefile(source)


def _mapped(source: str, folder, settings: dict, *, ask: bool, force: bool, quiet: bool) -> bool:
    """Writes mapping.toml; whether the user takes it as it is. What an adapter knows is not asked."""
    from gearwheel.run.start_own import keep_mapping, propose_reading

    proposal = propose_reading(source, folder, **settings)
    keep_mapping(proposal, folder, force)
    if proposal.adapter:
        if not quiet:
            click.echo(plain(f"Recognised: {proposal.adapter}."))
        return True
    if not ask:
        return True
    click.echo("No shop system that is known. Proposed:\n")
    for table, columns in proposal.mapping.tables.items():
        click.echo(plain(f"{table}  from  {columns.source}"))
        for column, expression in columns.columns.items():
            why = (proposal.reasons or {}).get((table, column), "")
            click.echo(plain(f"    {column:<18} {expression:<28} {why}"))
    return click.confirm("\nUse this mapping?", default=True)
