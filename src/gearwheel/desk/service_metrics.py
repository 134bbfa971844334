"""What the service counts, in Prometheus' text format."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping

EDGES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds


MOST_UNNAMED = 1_000  # different texts that are kept


class Unnamed:
    """Texts of requests that no condition of the policy names, since the start. `fields`: how many of each field; `texts`:
    (field, text) → how often, of the first MOST_UNNAMED of them."""

    def __init__(self):
        self.fields: Counter[str] = Counter()
        self.texts: Counter[tuple[str, str]] = Counter()

    def add(self, said: Counter[tuple[str, str]]) -> None:
        """What requests that were decided said."""
        for (field, text), times in said.items():
            self.fields[field] += times
            if (field, text) in self.texts or len(self.texts) < MOST_UNNAMED:
                self.texts[field, text] += times

    def listed(self) -> dict:
        """The most frequent first; `more`: how often a text came that is not kept."""
        texts, total = self.texts.copy(), sum(self.fields.copy().values())
        listed = [{"field": field, "text": text, "times": n} for (field, text), n in texts.most_common()]
        return {"unnamed": listed, "more": max(total - sum(texts.values()), 0)}


class Metrics:
    """Requests by path and status, and how long they took. `unnamed`: the words that the deciding thread counts."""

    def __init__(self):
        self.requests: Counter[tuple[str, int]] = Counter()
        self.unnamed = Unnamed()
        self.counts = [0] * (len(EDGES) + 1)
        self.seconds = 0.0

    def note(self, path: str, status: int, seconds: float) -> None:
        """A request has been answered."""
        self.requests[path, status] += 1
        self.counts[bisect_left(EDGES, seconds)] += 1
        self.seconds += seconds

    def text(
        self, actions: Counter[str], batches: int, waiting: int, store_up: bool, refused: Mapping[str, int]
    ) -> str:
        """Everything, with what the deciding thread counts (decisions by action, transactions, queue, store) and the
        connections that were `refused`, by reason."""
        lines = [
            "# HELP gearwheel_desk_requests_total Requests answered.",
            "# TYPE gearwheel_desk_requests_total counter",
        ]
        lines += [
            f'gearwheel_desk_requests_total{{path="{path}",status="{status}"}} {count}'
            for (path, status), count in sorted(self.requests.items())
        ]
        lines += ["# HELP gearwheel_desk_decisions_total Decisions.", "# TYPE gearwheel_desk_decisions_total counter"]
        lines += [f'gearwheel_desk_decisions_total{{action="{a}"}} {n}' for a, n in sorted(actions.items())]
        name = "gearwheel_desk_connections_refused_total"
        lines += [f"# HELP {name} Connections closed before a request was whole.", f"# TYPE {name} counter"]
        lines += [f'{name}{{reason="{reason}"}} {n}' for reason, n in sorted(refused.items())]
        lines += [
            "# HELP gearwheel_desk_request_seconds From request to answer.",
            "# TYPE gearwheel_desk_request_seconds histogram",
        ]
        total = 0
        for edge, count in zip((*map(str, EDGES), "+Inf"), self.counts):
            total += count
            lines.append(f'gearwheel_desk_request_seconds_bucket{{le="{edge}"}} {total}')
        lines += [
            f"gearwheel_desk_request_seconds_sum {self.seconds:.6f}",
            f"gearwheel_desk_request_seconds_count {total}",
        ]
        for name, kind, says, value in (
            ("transactions_total", "counter", "Transactions of decisions and outcomes.", batches),
            ("queue", "gauge", "Requests that wait to be decided.", waiting),
            ("store_up", "gauge", "Whether the store took the last write.", int(store_up)),
        ):
            name = f"gearwheel_desk_{name}"
            lines += [f"# HELP {name} {says}", f"# TYPE {name} {kind}", f"{name} {value}"]
        name = "gearwheel_desk_unnamed_total"
        lines += [f"# HELP {name} Words of requests that the policy does not name, see /v1/unnamed."]
        lines += [f"# TYPE {name} counter"]
        lines += [f'{name}{{field="{_label(f)}"}} {n}' for f, n in sorted(self.unnamed.fields.copy().items())]
        return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    """A value between quotes: keys of the free context may hold anything."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
