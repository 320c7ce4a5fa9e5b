"""Draws docs/window.svg: the sales of sales.jsonl, and the watermark that closes their windows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

SALES = Path(__file__).with_name("sales.jsonl")
WINDOW, LATENESS = timedelta(seconds=60), timedelta(seconds=5)
START, END = datetime(2021, 3, 6, 17, 13), datetime(2021, 3, 6, 17, 17)
LEFT, TOP, ROW, SECOND = 150, 84, 34, 2.6

HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 450" width="800" height="450" \
role="img" aria-labelledby="title desc">
  <title id="title">A window closes under a watermark</title>
  <desc id="desc">Eight sales, from top to bottom in the order in which they arrive, and from left \
to right by when they happened. The watermark follows 5 seconds behind the newest sale. The sixth \
sale moves it past 17:16:00, which closes the window from 17:15 to 17:16. The seventh sale \
happened at 17:13:55, left of the watermark: it is late. The fourth is a copy of the third.</desc>
  <style>
    svg { --page: #ffffff; --edge: #d0d7de; --text: #1f2328; --soft: #59636e; --band: #f6f8fa;
          --sale: #1a7f37; --copy: #bc4c00; --late: #cf222e; --mark: #0969da; }
    @media (prefers-color-scheme: dark) {
      svg { --page: #0d1117; --edge: #3d444d; --text: #f0f6fc; --soft: #9da7b3; --band: #161b22;
            --sale: #3fb950; --copy: #e08a3c; --late: #ff7b72; --mark: #58a6ff; }
    }
    text { font-family: -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, \
Arial, sans-serif; font-size: 13px; fill: var(--text); }
    .soft { fill: var(--soft); }
    .middle { text-anchor: middle; }
    .page { fill: var(--page); stroke: var(--edge); rx: 12px; }
    .band { fill: var(--band); }
    .end { stroke: var(--edge); stroke-width: 1.5px; }
    .watermark { fill: none; stroke: var(--mark); stroke-width: 2.5px; }
    .mark { fill: var(--mark); }
    .sale { fill: var(--sale); }
    .copy { fill: var(--page); stroke: var(--copy); stroke-width: 2.5px; }
    .copied { fill: var(--copy); }
    .late { fill: var(--late); }
  </style>
  <rect class="page" x="0.5" y="0.5" width="799" height="449"/>
"""


@dataclass(frozen=True)
class Sale:
    """`watermark` is where it has got to when the sale arrives, before the sale itself moves it."""

    time: datetime
    label: str
    kind: str
    watermark: datetime


def sales() -> Iterator[Sale]:
    watermark, known = START, set()
    for line in SALES.read_text("utf-8").splitlines():
        event = json.loads(line)
        detail, time = event["detail"], datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ")
        is_copy, is_late = detail["request_id"] in known, end_of(time) <= watermark
        kind = "late" if is_late else "copy" if is_copy else "sale"
        yield Sale(time, f"{detail['store_id']} {detail['sales']:.2f}", kind, watermark)
        known.add(detail["request_id"])
        watermark = max(watermark, time - LATENESS)


def end_of(time: datetime) -> datetime:
    """The end of the window that the time is in."""
    return time - (time - START) % WINDOW + WINDOW


def drawing(arrived: Sequence[Sale]) -> Iterator[str]:
    bottom = TOP + ROW * len(arrived)
    for number in range((END - START) // WINDOW):
        start = START + number * WINDOW
        if number % 2:
            width = x(start + WINDOW) - x(start)
            yield f'<rect class="band" x="{x(start):.0f}" y="58" width="{width:.0f}" '
            yield f'height="{bottom - 58}"/>'
        yield line(x(start), 58, bottom)
        yield text("soft middle", x(start), 50, f"{start:%H:%M}")
    yield line(x(END), 58, bottom)
    yield text("soft middle", x(END), 50, f"{END:%H:%M}")
    yield text("", LEFT, 28, "when it happened (event time) →")
    yield text("", 20, 50, "order of arrival ↓")
    yield watermark(arrived)
    for row, sale in enumerate(arrived):
        yield from dot(sale, TOP + ROW * row + ROW // 2, row)
    yield from legend(bottom + 36)


def dot(sale: Sale, y: int, row: int) -> Iterator[str]:
    yield text("soft", 20, y + 4, f"{row + 1}")
    yield text("", 38, y + 4, sale.label)
    yield f'<circle class="{sale.kind}" cx="{x(sale.time):.0f}" cy="{y}" r="6"/>'
    if sale.kind == "copy":
        yield text("copied", x(sale.time) + 14, y + 4, "copy")
    if sale.kind == "late":
        yield text("late", x(sale.time) + 14, y + 4, "late: its window is closed")


def watermark(arrived: Sequence[Sale]) -> str:
    """A step at each sale that moves it."""
    path = f"M{x(START):.0f} {TOP}"
    for row, sale in enumerate(arrived):
        middle = TOP + ROW * row + ROW // 2
        newest = max(sale.watermark, sale.time - LATENESS)
        path += f"V{middle}H{x(newest):.0f}"
    return f'<path class="watermark" d="{path}V{TOP + ROW * len(arrived)}"/>'


def legend(y: int) -> Iterator[str]:
    yield f'<circle class="sale" cx="26" cy="{y - 4}" r="6"/>'
    yield text("", 40, y, "a sale")
    yield f'<path class="watermark" d="M110 {y - 4}H140"/>'
    yield text("mark", 150, y, "watermark: the newest sale's time less 5 s")
    reason = "The sixth sale moves the watermark past 17:16: the window that ends there is closed."
    yield text("soft", 20, y + 26, reason)


def x(time: datetime) -> float:
    return LEFT + (time - START).total_seconds() * SECOND


def line(x: float, top: int, bottom: int) -> str:
    return f'<path class="end" d="M{x:.0f} {top}V{bottom}"/>'


def text(kind: str, x: float, y: float, words: str) -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{words}</text>'


def picture() -> str:
    lines = "".join(f"  {part}\n" for part in drawing(list(sales())))
    return f"{HEAD}{lines}</svg>\n"


if __name__ == "__main__":
    print(picture(), end="")
