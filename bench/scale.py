"""From 20 to 1,000,000 events a second, on paper: `make scale`.

Prints the tables of docs/scale.md, as scale_model.py has them, and puts them into the page.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping, Sequence

import scale_facts as facts
from scale_model import RATES, ROOT, Design, Quota, ends_on_the_way, mix, quotas

PAGE = ROOT / "docs" / "scale.md"


def answer() -> list[dict[str, str]]:
    return [
        {
            "Events a second": f"{design.rate:,}",
            "Way in": "bus" if design.is_by_bus else "Kinesis",
            "Pipelines": _pipelines(design),
            "Shards": f"{design.pipelines * design.shards:,}",
            "KPUs": f"{design.pipelines * (design.kpus + 1):,}",
            "Lambda at once": f"{2 * design.concurrency:,}",
            "Table writes a second": f"{design.writes:,.0f}",
            "Catch-up": f"{_rounded(design.catch_up)} times",
            "An hour": _dollars(design.total),
            "Ends first on the way": _first(design.rate),
        }
        for design in map(Design, RATES)
    ]


def _pipelines(design: Design) -> str:
    accounts = f" in {design.accounts} accounts" if design.accounts > 1 else ""
    return f"{design.pipelines}{accounts}"


def _first(rate: int) -> str:
    ending = ends_on_the_way(rate)
    return _ending(ending[0]) if ending else "nothing"


def _ending(quota: Quota) -> str:
    return f"{quota.name}, at {_rounded(quota.carries)}"


def step(rate: int) -> str:
    """What a paragraph of the page begins with: the cost, the deploy, and what ends before."""
    design = Design(rate)
    parameters = {"ShardCount": design.shards}
    if design.is_by_bus:
        parameters["ConsumerConcurrency"] = design.concurrency
    else:
        parameters["StreamRetentionHours"] = facts.ARCHIVE_DAYS * 24
    given = " ".join(f"-p {name}={value}" for name, value in parameters.items())
    each = "" if design.pipelines == 1 else f", in each of {_pipelines(design)}"
    ending = "; ".join(map(_ending, ends_on_the_way(rate))) or "nothing"
    return (
        f"**{_dollars(design.total)} an hour**, `miztiik-events deploy {given}`{each}.\n"
        f"Ends on the way: {ending}."
    )


def hours() -> list[dict[str, str]]:
    rows = []
    for design in map(Design, RATES):
        parts = {part: _dollars(cost) for part, cost in design.hourly.items()}
        total = {"Together": _dollars(design.total)}
        million = {"A million events": _dollars(design.total / (design.rate * 3_600 / 1e6))}
        rows.append({"Events a second": f"{design.rate:,}", **parts, **total, **million})
    return rows


def limits() -> list[dict[str, str]]:
    return [
        {
            "Quota": _linked(quota.name, quota.source),
            "Default": f"{quota.limit:,.0f} {quota.unit}",
            "Carries, events a second": _rounded(quota.carries),
            "Then": quota.way_out,
        }
        for quota in quotas()
    ]


def regions() -> list[dict[str, str]]:
    return [
        {
            "Region": region,
            "PutEvents requests": f"{requests:,}",
            "Invocations": f"{invocations:,}",
            "The bus carries, events a second": _rounded(
                min(requests * facts.ENTRIES_PER_CALL, invocations / mix().invocations)
            ),
        }
        for region, (requests, invocations) in facts.BUS_BY_REGION.items()
    ]


def prices() -> list[dict[str, str]]:
    return [
        {
            "Dollars": f"{price.dollars:.10f}".rstrip("0").ljust(4, "0"),
            "For": _linked(price.unit, price.page),
            "Number read at": f"<{price.read}>" if price.read else "not confirmed",
        }
        for price in facts.PRICES
    ]


def sizes() -> list[dict[str, str]]:
    return [
        {"What": "a sale in its envelope", "Bytes": f"{mix().sale_bytes:.0f}"},
        {"What": "a stock count in its envelope", "Bytes": f"{mix().count_bytes:.0f}"},
        {"What": "a line of the results", "Bytes": f"{mix().line_bytes}"},
    ]


TABLES: Mapping[str, Callable[[], list[dict[str, str]]]] = {
    "answer": answer,
    "hours": hours,
    "quotas": limits,
    "regions": regions,
    "sizes": sizes,
    "prices": prices,
}


def blocks() -> dict[str, str]:
    """Each piece of the page that the model writes, by its mark."""
    tables = {name: markdown(rows()) for name, rows in TABLES.items()}
    return {**tables, **{f"step {rate}": step(rate) for rate in RATES}}


def filled(page: str) -> str:
    """The page with each piece between its marks as the model has it now."""
    for name, block in blocks().items():
        before, mark, rest = page.partition(f"<!-- {name}: make scale -->\n")
        _, end, after = rest.partition("<!-- end -->")
        if not end:
            raise SystemExit(f"{PAGE.name} has no place for {name!r}")
        page = f"{before}{mark}{block}\n{end}{after}"
    return page


def markdown(rows: Sequence[Mapping[str, str]]) -> str:
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _linked(text: str, target: str) -> str:
    return f"[{text}]({target})"


def _rounded(number: float) -> str:
    """Two digits that count, and no more: the model is no more exact than that."""
    digits = 1 - math.floor(math.log10(number))
    return f"{round(number, digits):,.{max(0, digits)}f}"


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}" if amount < 100 else f"${amount:,.0f}"


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    for name, block in blocks().items():
        print(f"{name}\n\n{block}\n")
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
