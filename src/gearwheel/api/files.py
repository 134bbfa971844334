"""Writing results: whole or not at all, and never over a file that is not one of ours."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from gearwheel.wheel.errors import GearwheelError

MADE_BY = "Made by Gearwheel"


def write_ours(path: Path | str, content: bytes | str) -> Path:
    """Write `content` to `path`, making its folder; only a file of ours is replaced. Raises GearwheelError."""
    from gearwheel.run.store import refuse_foreign, save_atomically

    path = Path(path)
    refuse_foreign(path)
    save_atomically(path, content.encode("utf-8") if isinstance(content, str) else content)
    return path


def write_picture(svg: str, path: Path | str) -> Path:
    """Write a drawing as .svg or, through the optional renderer, as .png. Raises GearwheelError for other endings."""
    path = Path(path)
    if path.suffix.lower() == ".svg":
        return write_ours(path, f"{svg}\n<!-- {MADE_BY} -->\n")
    if path.suffix.lower() == ".png":
        from gearwheel.show.png import png_bytes

        return write_ours(path, _signed(png_bytes(svg)))
    raise GearwheelError(f"{path.name} is no picture that Gearwheel can write. Give it the ending .svg or .png.")


def _signed(png: bytes) -> bytes:
    """The PNG with a text chunk after its header that says who made it, so that it may be replaced later."""
    text = b"tEXtSoftware\0" + MADE_BY.encode()
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    header_end = 8 + 25  # signature, then IHDR: 13 bytes in a frame of 12
    return png[:header_end] + chunk + png[header_end:]
