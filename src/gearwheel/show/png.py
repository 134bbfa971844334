"""SVG to PNG, for places that cannot show SVG."""

from __future__ import annotations

from gearwheel.wheel.errors import GearwheelError


def png_bytes(svg: str, *, width: int = 1600) -> bytes:
    """The drawing as a PNG so many pixels wide; raises GearwheelError where the optional renderer is missing."""
    try:
        from cairosvg import svg2png
    except (ImportError, OSError) as error:  # OSError: the package is there, the cairo library is not
        raise GearwheelError(
            "PNG pictures need the optional extra 'png' (cairosvg and the cairo library). "
            "Try: pip install 'gearwheel[png]', or save the picture as .svg."
        ) from error
    return svg2png(bytestring=svg.encode("utf-8"), output_width=width, unsafe=False)
