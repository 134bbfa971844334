"""Where things stand in a TOML text: `kind.name.key` → line, for error messages only."""

from __future__ import annotations

import re

_TABLE = re.compile(r"""\s*\[\s*((?:"[^"]*"|'[^']*'|[^\[\]#"'])+?)\s*\]\s*(?:#.*)?$""")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-\"'.]+)\s*=")
_STEP = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^.\s]+)")


MAX_LINE = 400  # headers and keys are short; a hostile line need not be searched to its end


class Lines:
    """A forgiving scanner: it need not understand values, only headers and keys."""

    def __init__(self, text: str):
        self._lines: dict[tuple[str, ...], int] = {}
        here: tuple[str, ...] = ()
        for number, line in enumerate(text.splitlines(), 1):
            header, key = _TABLE.match(line[:MAX_LINE]), _KEY.match(line[:MAX_LINE])
            if header:
                here = _steps(header[1])
                self._lines.setdefault(here, number)
            elif key:
                self._lines.setdefault(here + _steps(key[1]), number)

    def of(self, *path: str) -> int:
        """The line of the longest known beginning of `path`; 1 when nothing is known."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1


def _steps(dotted: str) -> tuple[str, ...]:
    return tuple(a or b or c for a, b, c in _STEP.findall(dotted))
