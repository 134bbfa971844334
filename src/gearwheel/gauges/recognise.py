"""Which known shop system a source comes from."""

from __future__ import annotations

from gearwheel.gauges.adapters import Adapter, adapters
from gearwheel.gauges.sources.parts import Source


def recognise(source: Source) -> Adapter | None:
    """The adapter whose tables and columns are all there; of several, the one that asks for most."""
    fitting = [adapter for adapter in adapters().values() if adapter.matched(source) is not None]
    return max(fitting, key=lambda adapter: adapter.weight, default=None)
