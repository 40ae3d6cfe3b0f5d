"""The links of `pubsearch check --links`: test them, and print the result."""

from __future__ import annotations

import sys
from datetime import timedelta
from importlib.metadata import version

import click

from indexer.catalogue.records import Problem
from indexer.jobs import link_check
from indexer.jobs.link_check import LinkReport
from indexer.links import Client
from search_app.cli import output
from search_app.config import Settings

TIMEOUT = 20.0
"""Seconds for a connection, and again for a reply. Slow servers of small publishers need 10 s."""


def check_links(
    settings: Settings, days: int, delay: float, *, is_local_allowed: bool
) -> tuple[Problem, ...]:
    """Test the links of a corpus without a result of the last `days`. Print what was found.

    Return the dead and moved links.
    """
    site = f"; +{settings.site_url}" if settings.site_url else ""
    agent = f"pubsearch/{version('pubsearch')} (link check{site})"
    client = Client(agent, delay=delay, timeout=TIMEOUT, is_local_allowed=is_local_allowed)
    is_visible = sys.stderr.isatty()
    with click.progressbar(
        length=0, label="Testing links", file=sys.stderr, hidden=not is_visible
    ) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        report = link_check.check_links(
            settings.corpus, client, timedelta(days=days), show, settings.limits
        )
    _print_report(report)
    return report.problems


def _print_report(report: LinkReport) -> None:
    for problem in report.problems:
        click.echo(f"  {problem}", err=True)
    for problem in report.unclear:
        click.echo(f"  {problem}")
    total = output.format_count(sum(report.counts.values()), "link")
    parts = [f"{count:,} {status}" for status, count in sorted(report.counts.items()) if count]
    click.echo(f"{total}: {', '.join(parts)}." if parts else "There are no links.")
