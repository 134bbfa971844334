"""A folder of one's own from a source of events: a mapping, and a wheel of the gears that its data can turn."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from gearwheel.run.measuring import measure_source
from gearwheel.run.own import own_wheel
from gearwheel.run.record import rows_of
from gearwheel.run.store import LIBRARY, Progress, save_atomically
from gearwheel.run.tried import tried
from gearwheel.wheel.errors import DataError, GearwheelError, Problem
from gearwheel.wheel.load import assemble_with
from gearwheel.wheel.read import parse_wheel

WELCOME = """\
# {name}: a wheel of the gears that the data in mapping.toml can turn. Numbers marked "measured" were taken from the
# first weeks of the record and are wide, so that the record decides; those marked "judgement" are yours to replace.
#
#   gearwheel check {folder}     what is wrong with it
#   gearwheel measure {folder}   what is measured, and how
#   gearwheel run {folder}       the whole way to a report

"""


@dataclass(frozen=True)
class Proposal:
    """How a source would be read: a mapping, by which adapter (its title, "" for none), and why each column."""

    mapping: Any
    adapter: str = ""
    reasons: dict[tuple[str, str], str] | None = None


def propose_reading(address: str, folder: Path, **settings: object) -> Proposal:
    """Look at a source and say how it would be read: by a known shop system's adapter, or column by column.

    `settings` (time_zone, currency, grain, active_days) that are not None win over what the source suggests.
    Raises DataError where there is no source, or nothing in it looks like orders.
    """
    from gearwheel.gauges.propose import propose
    from gearwheel.gauges.recognise import recognise
    from gearwheel.gauges.sources.known import remember
    from gearwheel.gauges.sources.look import look

    source = look(address)
    remember(address)
    stated = {key: value for key, value in settings.items() if value is not None}
    shown = _from_folder(address, folder)
    adapter = recognise(source)
    if adapter:
        from gearwheel.gauges.mapping import Mapping

        mapping = Mapping(**{"source": shown, "adapter": adapter.name, **adapter.settings, **stated})
        return Proposal(mapping, adapter.title, {})
    proposed = propose(source)
    return Proposal(replace(proposed.mapping, source=shown, **stated), "", proposed.reasons)


def tidy_file(address: str) -> Path | None:
    """The file, where the source holds measured series already and no events; None for all others.

    Raises DataError: GW492 where the series are not in one file, GW160 where one file holds them in another form.
    """
    from gearwheel.gauges.recognise import recognise
    from gearwheel.gauges.sources.look import look
    from gearwheel.gauges.tidy import COLUMNS
    from gearwheel.gauges.wide import wide_table

    source = look(address)
    adapter = recognise(source)
    if adapter is None or adapter.kind != "gauges":
        texts = [f.path for t in source.tables.values() if t.kind == "csv" for f in t.files] if adapter is None else []
        if len(texts) == 1 and len(source.tables) == 1 and (problem := wide_table(Path(texts[0]))):
            raise DataError(problem)
        return None
    tables = [t for t in source.tables.values() if {c.lower() for c in t.columns}.issuperset(COLUMNS)]
    files = sorted({file.path for table in tables for file in table.files})
    if len(files) == 1:
        return Path(files[0])
    held = ", ".join(Path(file).name for file in files[:8])
    message = (
        f"measured series stand in {len(files)} files: {held}" if files else "measured series stand in no CSV file"
    )
    raise DataError(
        Problem("GW492", message, source.shown, hint="name one CSV file that holds the rows of all of them")
    )


def _from_folder(address: str, folder: Path) -> str:
    """The source as mapping.toml names it: relative to its folder; an address without its password."""
    from gearwheel.gauges.sources.parts import is_url, without_password

    if not is_url(address):
        return os.path.relpath(Path(address).expanduser(), folder)
    parts = urlsplit(address)
    password = parts.password or parse_qs(parts.query).get("password", [None])[0]
    if password:
        os.environ["PGPASSWORD"] = unquote(password)  # a password does not belong into a file
    return without_password(address)


def free_folder(folder: Path, force: bool, source: str, names: Sequence[str]) -> None:
    """Raises GearwheelError where one of these files is in the way and `force` is not given, or where the new wheel
    would lie in its own source, which is only read."""
    from gearwheel.gauges.sources.parts import is_url

    place = Path(source).expanduser()
    if not is_url(source) and place.is_dir() and folder.resolve().is_relative_to(place.resolve()):
        raise GearwheelError(f"{folder} lies in the source, where nothing is written. Give the wheel another --dir.")
    for file in (folder / name for name in names):
        if file.exists() and not force:
            raise GearwheelError(f"{file} exists. Choose another name or --dir, or replace it with --force.")


def keep_mapping(proposal: Proposal, folder: Path, force: bool) -> None:
    """Write `folder`/mapping.toml. One that says the same is left as it is; one that was edited needs `force`.

    Raises DataError where a setting cannot be, before anything is written.
    """
    from gearwheel.gauges.mapping import mapping_text, parse_mapping, read_mapping, write_mapping

    file = folder / "mapping.toml"
    parse_mapping(mapping_text(proposal.mapping), str(file))
    if file.exists() and not force:
        if read_mapping(file) == proposal.mapping:
            return
        hint = f"To go on with it: --data {file}. To replace it: --force."
        raise GearwheelError(f"{file} exists and says something else. {hint}")
    folder.mkdir(parents=True, exist_ok=True)
    write_mapping(proposal.mapping, file, overwrite=force, reasons=proposal.reasons)


def _doubts(measures: dict) -> list[Problem]:
    """What was noted while the source was read, and the findings of the data checks that are errors or warnings."""
    noted = [Problem("GW435", note, severity="warning") for note in measures["notes"]]
    return noted + [
        Problem(
            found["code"],
            f"{'.'.join(filter(None, (found['table'], found['column'])))}: {found['message']}",
            hint=found["hint"],
            severity=found["severity"],
        )
        for found in measures["page"]["findings"]
        if found["severity"] in ("error", "warning")
    ]


def write_wheel(name: str, folder: Path, progress: Progress | None = None) -> dict:
    """Measure what `folder`/mapping.toml names and write `folder`/wheel.toml. Returns the measures, with
    `experiments_left_out`: experiment → why it does not enter the wheel.

    Raises DataError where the source cannot be measured or its record is too short.
    """
    from gearwheel.gauges.mapping import read_mapping

    measures = measure_source(folder / "mapping.toml", progress)
    mapping = read_mapping(folder / "mapping.toml")
    mapping = replace(mapping, currency=mapping.currency or measures["source"]["currency"])
    rows = rows_of(measures)
    try:
        text = own_wheel(name, rows, mapping, measures["facts"], measures["experiments"])
    except DataError as error:  # what was found in the data may be why
        raise DataError([*_doubts(measures), *error.problems]) from error
    save_atomically(folder / "wheel.toml", (WELCOME.format(name=name, folder=folder) + text).encode())
    wheel = assemble_with(parse_wheel(text, str(folder / "wheel.toml")), LIBRARY)
    end = max(r.end for r in rows if r.gauge == "orders")
    return measures | {"experiments_left_out": tried(measures["experiments"], wheel, end)[1]}
