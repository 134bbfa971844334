"""Database addresses that the user has typed, so that a file from somebody else cannot make Gearwheel connect.

libpq sends PGPASSWORD to whatever server an address names. An address that stands in a file is therefore used only
after the user has named it once: with `new --data` or `measure --connect`.
"""

from __future__ import annotations

import os
from pathlib import Path

from gearwheel.gauges.mapping import Mapping
from gearwheel.gauges.sources.parts import is_url, without_password
from gearwheel.wheel.errors import DataError, GearwheelError

FILE = "databases"
MOST_BYTES = 1_000_000


def remember(address: str) -> None:
    """Note that the user named this database; its password is not kept. Anything but a URL needs no note.

    Raises GearwheelError where the note cannot be written.
    """
    if not is_url(address) or _is_known(address):
        return
    file = _file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as stream:
            stream.write(f"{_line(address)}\n")
    except OSError as error:
        hint = "Set GEARWHEEL_CONFIG to a folder that can be written."
        raise GearwheelError(f"{file} cannot be written: {error.strerror}. {hint}") from error


def require_known(mapping: Mapping) -> None:
    """Raises DataError (GW476) where the mapping's file names a database that the user has never named."""
    if not mapping.file or not is_url(mapping.source) or _is_known(mapping.source):
        return
    message = f"the file names the database {_line(mapping.source)}, which you have not used before; nothing was sent"
    hint = f"if you trust that server with your password: gearwheel measure {mapping.file} --connect"
    raise DataError(mapping.problem("GW476", message, ("source",), hint))


def _is_known(address: str) -> bool:
    try:
        with _file().open(encoding="utf-8", errors="replace") as stream:
            return _line(address) in stream.read(MOST_BYTES).splitlines()
    except OSError:
        return False


def _line(address: str) -> str:
    return without_password(address).replace("\n", " ").replace("\r", " ")


def _file() -> Path:
    """GEARWHEEL_CONFIG, else the user's folder for settings."""
    stated = os.environ.get("GEARWHEEL_CONFIG")
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return (Path(stated) if stated else Path(home) / "gearwheel") / FILE
