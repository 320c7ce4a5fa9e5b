"""How the demo's outcome is shown: revenue, and whether what was produced was counted."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...demonstration import Outcome
    from ...pipeline.results import Row

# What any terminal has.
WIDTH, STORES = 80, 8


def shown(outcome: Outcome, form: str) -> str:
    from ...text import as_json

    if form == "table":
        return "\n\n".join((_revenue(outcome.rows), _totals(outcome), _end(outcome)))
    record = {
        "agrees": outcome.audit.agrees,
        "produced": outcome.produced,
        "counts": outcome.audit.counts,
        "windows": [vars(window) for window in outcome.audit.windows],
        "seconds": {name: round(seconds, 1) for name, seconds in outcome.seconds.items()},
    }
    return as_json(record, indent=2 if form == "json" else None)


def _revenue(rows: Sequence[Row]) -> str:
    """The stores with the most revenue, and how it went, window by window."""
    from ...pipeline import revenue
    from . import chart
    from .results import Table

    stores = revenue.summed(rows, None, STORES, has_others=True)
    return str(Table(stores, None, WIDTH, rows if chart.is_possible() else ()))


def _totals(outcome: Outcome) -> str:
    from ...text import as_table

    audit, produced = outcome.audit, outcome.produced
    counted = sum((window.revenue for window in audit.windows), Decimal())
    rows = [
        {
            "what": "Sales events",
            "produced": produced["sales_events"],
            "counted": audit.counts["counted"],
        },
        {"what": "Revenue", "produced": Decimal(produced["tot_sales"]), "counted": counted},
    ]
    return as_table(rows, {"what": "", "produced": "Produced", "counted": "Counted"})


def _end(outcome: Outcome) -> str:
    from ...text import counted

    windows = len({window.end for window in outcome.audit.windows})
    verdict = "is right to the cent" if outcome.audit.agrees else "was compared"
    seconds = sum(outcome.seconds.values())
    return f"All of it in {seconds:.0f} s; the revenue of {counted(windows, 'window')} {verdict}."


def next_steps(*, is_kept: bool) -> str:
    """What to try now."""
    if is_kept:
        return (
            'Next: eval "$(miztiik-events local env)", and then, as you like:\n'
            "  miztiik-events produce --stores 5\n"
            "  miztiik-events results --follow\n"
            "  miztiik-events status\n"
            "To end it: miztiik-events local stop"
        )
    return (
        "Next: miztiik-events demo --explain tells what each step does and why; --keep leaves\n"
        "everything running, to play with. docs/walkthrough.md goes through it step by step."
    )
