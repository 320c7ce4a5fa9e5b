"""`miztiik-events query`."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING

import click

from .options import SECONDS, names_for
from .shared_options import Options, shared_options_with_csv
from .views import query as view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..pipeline.queries import SavedQuery, WorkGroup

MOST_NEAR = 3


@click.command()
@click.argument("sql", required=False, metavar="[SQL]")
@click.option(
    "--saved",
    metavar="NAME",
    shell_complete=names_for("saved_query_names"),
    help="Run a saved query.",
)
@click.option("--list", "lists", is_flag=True, help="Show the saved queries.")
@click.option(
    "--timeout",
    type=SECONDS,
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait; the query is stopped then.",
)
@shared_options_with_csv
def command(
    options: Options, sql: str | None, saved: str | None, lists: bool, timeout: float
) -> None:
    """Ask the lake in SQL, by Athena. With - in place of the SQL, it is read from stdin.

    \b
      miztiik-events query "SELECT city, sum(amount) FROM sales GROUP BY city"
      miztiik-events query --list
      miztiik-events query --saved revenue-by-region
      miztiik-events query - --output csv < question.sql

    Shows what was scanned and what that costs. Ctrl-C stops the query. docs/lake.md has the tables
    and their columns; name the days you ask for (WHERE day >= '2026-11-26'), to scan no more.
    """
    if sum((sql is not None, saved is not None, lists)) != 1:
        raise click.UsageError("Give one of the three: SQL, --saved NAME, or --list")
    group = _workgroup(options)
    if lists:
        _list(options, group)
        return
    if sql == "-":
        sql = sys.stdin.read()
    _ask(options, group, _sql_of(group, saved) if saved is not None else sql or "", timeout)


def _workgroup(options: Options) -> WorkGroup:
    from ..cloudformation import stacks
    from ..pipeline.queries import WorkGroup

    outputs = stacks.project_outputs(options.session.client("cloudformation"), options.project)
    return WorkGroup(
        options.session.client("athena"),
        stacks.require(outputs, stacks.QUERY_WORKGROUP, options.project),
        stacks.require(outputs, stacks.LAKE_DATABASE, options.project),
    )


def _list(options: Options, group: WorkGroup) -> None:
    from ..pipeline import queries

    found = queries.saved(group)
    if found or options.format() != "table":
        click.echo(view.saved(found, options.format("ndjson")))
    if not found:
        options.say("There are no saved queries")


def _sql_of(group: WorkGroup, name: str) -> str:
    from ..pipeline import queries

    found = {query.name: query for query in queries.saved(group)}
    if name not in found:
        raise click.UsageError(f"No saved query {name!r}. {_near(name, list(found.values()))}")
    return found[name].sql


def _near(name: str, found: Sequence[SavedQuery]) -> str:
    names = [query.name for query in found]
    near = difflib.get_close_matches(name, names, MOST_NEAR)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"There are: {', '.join(names)}" if names else "There are none"


def _ask(options: Options, group: WorkGroup, sql: str, timeout: float) -> None:
    from ..patience import Patience
    from ..pipeline import costs, queries
    from ..session import is_local

    if not sql.strip():
        raise click.UsageError("The SQL is empty")
    answer = queries.run(group, sql, Patience(timeout))
    form = options.format("ndjson")
    if form == "table":
        click.echo(view.table(answer))
    elif form == "json":
        click.echo(view.as_list(answer))
    else:
        for line in view.lines(answer, form):
            click.echo(line)
    cost = costs.query(answer.scanned, options.session.region_name)
    options.say(view.footer(answer, cost, is_local=is_local(group.athena)))
