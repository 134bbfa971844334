"""What the user has: files and databases, looked at and read, never written."""

from gearwheel.gauges.sources.look import look
from gearwheel.gauges.sources.parts import Source, SourceTable

__all__ = ["Source", "SourceTable", "look"]
