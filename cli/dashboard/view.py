"""What the page shows of the sales: figures, a course over time, a ranking. As data for JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .sales import Sales, Sums, Window

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
RANGES = {"hour": HOUR, "day": DAY, "week": 7 * DAY}
# More bars are no picture, and more than so many stores cannot be told apart in it.
MOST_BARS, MOST_SERIES, MOST_RANKED, MOST_NAMES = 180, 7, 100, 5000
BARS = [
    *(SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 3, 6, 12, 24)),
]
MILLION = 10**6


@dataclass(frozen=True)
class Question:
    """Which time is asked for, up to the newest window, and of which store; None is all."""

    range: str = "hour"
    store: str | None = None


def view(sales: Sales, question: Question, known_since: int = 0) -> dict[str, Any]:
    """All figures are texts as they are to be read; those of the chart are numbers.

    What was sold before `known_since`, in milliseconds, has not been read yet.
    """
    newest = sales.newest
    if not newest:
        return {"newest": None, "figures": [], "chart": None, "ranking": [], "stores": 0}
    start = newest.end - RANGES[question.range]
    windows = sales.ended(start, newest.end)
    ranking = sales.by_store(windows)
    made_up = sales.made_up(windows)
    return {
        "newest": {"start": newest.start, "end": newest.end},
        "since": max(start, sales.earliest),
        "figures": _figures(sales, newest, question.store, known_since),
        "chart": _chart(sales, windows, ranking, question.store),
        "ranking": _ranking(ranking),
        "stores": len(ranking),
        "madeUp": {"windows": len(made_up), "until": made_up[-1].end} if made_up else None,
        "names": sales.names[:MOST_NAMES],
    }


def _figures(
    sales: Sales, newest: Window, store: str | None, known_since: int
) -> list[dict[str, Any]]:
    """The last window, the last hour and today, each beside what was before."""
    end = newest.end
    midnight = (end - 1) // DAY * DAY
    length = end - newest.start

    def compared(after: int, until: int, earlier: int, name: str) -> dict[str, Any]:
        """What it came to then, beside what it came to so much earlier, if that is known."""
        now, before = sales.ended(after, until), sales.ended(after - earlier, until - earlier)
        is_known = after - earlier >= max(sales.earliest, known_since)
        against = f"{name}, made up" if is_known and sales.made_up(before) else name
        base = sales.total(before, store) if is_known else None
        return _compared(sales.total(now, store), base, against)

    figures = [
        {
            "label": "Net, last window",
            "time": [newest.start, end],
            **compared(end - 1, end, length, "the window before"),
        },
        {
            "label": "Net, last hour",
            "time": [end - HOUR, end],
            **compared(end - HOUR, end, HOUR, "the hour before"),
        },
        {
            "label": "Net, the day so far",
            "time": [midnight, end],
            **compared(midnight, end, DAY, "the day before"),
        },
        _orders(sales.total(sales.ended(midnight, end), store), midnight, end),
    ]
    return [
        {
            **figure,
            "isPartial": figure["time"][0] < known_since,
            "isMadeUp": bool(sales.made_up(sales.ended(*figure["time"]))),
        }
        for figure in figures
    ]


def _compared(now: Sums, before: Sums | None, name: str) -> dict[str, Any]:
    return {
        "value": amount(now.net),
        "change": _change(now.net, before.net) if before else None,
        "against": name,
        "details": [
            ["Revenue", amount(now.revenue)],
            ["Returned", amount(now.returned)],
        ],
    }


def _orders(today: Sums, midnight: int, end: int) -> dict[str, Any]:
    sales = today.orders + today.returns
    share = f" ({today.returns / sales:.1%} of sales)" if sales and today.returns else ""
    return {
        "label": "Orders",
        "time": [midnight, end],
        "value": f"{today.orders:,}",
        "change": None,
        "against": "",
        "details": [["Returns", f"{today.returns:,}{share}"]],
    }


def _change(now: int, before: int) -> dict[str, str] | None:
    if not before:
        return None
    share = (now - before) / abs(before)
    direction = "up" if share > 0 else "down" if share < 0 else "same"
    return {"text": f"{share:+,.1%}", "direction": direction}


def _chart(
    sales: Sales, windows: Sequence[Window], ranking: Sequence[tuple[str, Sums]], store: str | None
) -> dict[str, Any] | None:
    """Net revenue over time: in each bar the stores with the most of it, and the others."""
    if not windows:
        return None
    names = [store] if store else [name for name, _ in ranking[:MOST_SERIES]]
    places = {name: place for place, name in enumerate(names)}
    bar = _bar(windows)
    first = min(window.start for window in windows) // bar
    spans = (windows[-1].end - 1) // bar - first + 1
    nets: dict[int, list[int]] = defaultdict(lambda: [0] * spans)
    for window in windows:
        span = max(window.start // bar - first, 0)
        for name, sums in sales.of(window).items():
            place = places.get(name, None if store else len(names))
            if place is not None:
                nets[place][span] += sums.net
    others = len(ranking) - len(names)
    if not store and others > 0:
        names = [*names, f"{others:,} others"]
    series = [
        {
            "name": name,
            "values": [net / MILLION for net in nets[place]],
            "texts": [amount(net) for net in nets[place]],
            "isOthers": not store and place >= MOST_SERIES,
        }
        for place, name in enumerate(names)
    ]
    totals = [
        amount(sum(nets[place][span] for place in range(len(names)))) for span in range(spans)
    ]
    starts = [(first + span) * bar for span in range(spans)]
    made_up = {window.start // bar - first for window in sales.made_up(windows)}
    return {
        "bar": bar,
        "starts": starts,
        "series": series,
        "totals": totals,
        "madeUp": [span in made_up for span in range(spans)],
    }


def _bar(windows: Sequence[Window]) -> int:
    """How many milliseconds a bar stands for: no less than a window, and not too many bars."""
    whole = windows[-1].end - min(window.start for window in windows)
    least = max(whole / MOST_BARS, max(window.end - window.start for window in windows))
    return next((bar for bar in BARS if bar >= least), DAY)


def _ranking(ranking: Sequence[tuple[str, Sums]]) -> list[dict[str, Any]]:
    rows = [*ranking[:MOST_RANKED]]
    left = ranking[MOST_RANKED:]
    most = max((abs(sums.net) for _, sums in ranking), default=0)
    lines = [{"store": name, **_line(sums, most)} for name, sums in rows]
    if left:
        total = Sums()
        for _, sums in left:
            total = total.plus(sums)
        lines.append({"others": f"{len(left):,} others", **_line(total, 0)})
    return lines


def _line(sums: Sums, most: int) -> dict[str, Any]:
    return {
        "net": amount(sums.net),
        "revenue": amount(sums.revenue),
        "returned": amount(sums.returned),
        "orders": f"{sums.orders:,}",
        "returns": f"{sums.returns:,}",
        "share": round(100 * max(sums.net, 0) / most, 1) if most else 0,
    }


def amount(millionths: int) -> str:
    """`1,234.50`: rounded to the cent, halves away from nought, as people do."""
    cents, rest = divmod(abs(millionths), 10_000)
    cents += rest >= 5_000
    return f"{'-' if millionths < 0 and cents else ''}{cents // 100:,}.{cents % 100:02}"
