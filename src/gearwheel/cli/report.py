"""`gearwheel report`: the report, drawn again from results or from the wheel."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, echo_json, json_option, outputs, say_next, seed_option
from gearwheel.cli.progress import progress

MOST_BYTES = 200_000_000


@click.command(cls=Verb)
@click.argument("source", metavar="WHEEL|results.json")
@click.option("--out", metavar="FILE", help="The report to write. [default: report.html beside the results]")
@seed_option
@json_option
def report(source: str, out: str | None, seed: int, as_json: bool) -> None:
    """Write the report of WHEEL, or of the results.json that a run has left: one HTML file that opens offline.

    \b
    Examples:
      gearwheel report gearwheel-out/amazon/results.json
      gearwheel report amazon --out amazon.html
    """
    from pathlib import Path

    from gearwheel.api import write_ours
    from gearwheel.show.report import report_html
    from gearwheel.wheel.errors import GearwheelError

    if source.endswith(".json"):
        results, folder = _read(Path(source)), Path(source).parent
    else:
        results, folder = _results(source, seed)
    path = Path(out) if out else folder / "report.html"
    if path.suffix.lower() != ".html":
        raise GearwheelError(f"{path.name}: a report is an .html file.")
    write_ours(path, report_html(results))
    if as_json:
        echo_json({"report": str(path)})
    else:
        click.echo(path)
        name = (results.get("wheel") or {}).get("name") or "WHEEL"
        say_next("levers", source if not source.endswith(".json") else str(name))


def _results(wheel: str, seed: int):
    from pathlib import Path

    from gearwheel.run import open_wheel, run_wheel

    opened = open_wheel(wheel)
    with progress() as shown:
        return run_wheel(opened, seed=seed, progress=shown), Path(outputs(opened.name))


def _read(path) -> dict:
    """The results in a file from a stranger. Raises DataError."""
    import json

    from gearwheel.wheel.errors import DataError, Problem

    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(Problem("GW420", f"larger than {MOST_BYTES:,} bytes", str(path)))
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        hint = "A run writes it: gearwheel run WHEEL."
        raise DataError(Problem("GW420", f"cannot read it: {error.strerror}", str(path), hint=hint)) from error
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        hint = "The file may be cut off; write it again with gearwheel run WHEEL."
        raise DataError(Problem("GW420", "this is no JSON", str(path), line, hint)) from error
    if not isinstance(found, dict) or not {"wheel", "stamp"} <= found.keys():
        hint = "Give the results.json that gearwheel run has written."
        raise DataError(Problem("GW420", "these are not the results of a run", str(path), hint=hint))
    return found
