"""Where Gearwheel keeps what it can compute again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """GEARWHEEL_CACHE, else ~/.cache/gearwheel. It need not exist yet."""
    return Path(os.environ.get("GEARWHEEL_CACHE") or Path.home() / ".cache" / "gearwheel")
