"""The one spelling of a cancelled order: whatever word a source has for it, readers of events see 'cancelled'."""

from __future__ import annotations

from gearwheel.gauges.sources.expression import literal

CANCELLED = "cancelled"
SPELLINGS = (  # in lower case and without accents
    "cancelled", "canceled", "cancel", "cancellation", "wc-cancelled", "void", "voided", "annulled",
    "storniert", "storno", "annulliert", "abgebrochen", "geannuleerd", "annule", "annulee", "cancelado", "cancelada",
    "anulado", "anulada", "annullato", "annullata", "anulowane", "anulowany",
)  # fmt: skip


def canonical_cell(table: str, column: str, sql: str) -> str:
    """The SQL of a canonical cell; that of a status in lower case, trimmed, with each of SPELLINGS as CANCELLED."""
    if (table, column) != ("orders", "status"):
        return sql
    plain = f"nullif(lower(trim({sql})), '')"
    spellings = ", ".join(map(literal, SPELLINGS))
    return f"case when strip_accents({plain}) in ({spellings}) then {literal(CANCELLED)} else {plain} end"
