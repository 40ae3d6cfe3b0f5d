"""Print results, builds, and problems to a terminal; parse the arguments of a search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click
from werkzeug.datastructures import MultiDict

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem
from indexer.generations import fsync
from indexer.generations.manifest import IndexUnwritten
from indexer.jobs.build import Outcome, Refused
from indexer.jobs.check import Verdict
from search_app.engine.results import Results, Run
from search_app.presentation import facet_panel, search_page
from search_app.presentation.alternatives import Way, Ways, Wider
from search_app.presentation.explanations import reasons
from search_app.presentation.labels import Facts


def show(found: search_page.SearchPage, results: Results, catalogue: Catalogue) -> None:
    """Print a page of results and the facet counts."""
    click.echo(found.summary)
    for note in found.notes:
        click.echo(note)
    for reading in found.readings:
        click.echo(reading.alone)
    if found.relaxed:
        click.echo(found.relaxed)
    for line in _missing(found.ways) if found.ways else ():
        click.echo(line)
    for name, counted in _ways(found):
        click.echo(f"{name}: {' · '.join(f'{each.label} {each.number}' for each in counted)}")
    facts = Facts(catalogue)
    for hit in results.hits:
        told = facts.of(hit.publication)
        click.echo(f"\n{_styled(hit.title)}\n  {' · '.join(told)}\n  {hit.publication.id}")
        if hit.passage:
            click.echo(f"  {_styled(hit.passage)}")
        for reason in reasons(hit.why, catalogue) if hit.why else ():
            click.echo(f"  - {reason}")
    for group in found.facets:
        values = [f"{each.label} ({each.count})" for row in group.rows for each in _with_below(row)]
        values += [f"{group.more} more"] if group.more else []
        click.echo(f"\n{click.style(group.label, bold=True)}: {', '.join(values)}", nl=False)
    click.echo()


def _missing(ways: Ways) -> Iterator[str]:
    """Yield a line for each place or concept without publications, with alternative searches."""
    for place in ways.places:
        near = (f"{name}: {_counted(counted)}." for name, counted in place.groups)
        yield " ".join([f"Nothing here is about {place.name}.", *near])
    for lacking in ways.lacking:
        yield " ".join([f"Nothing about {lacking.said}.", *_wider(lacking)])


def _wider(lacking: Wider) -> Iterator[str]:
    """Yield the searches for broader and for related concepts, one sentence each."""
    for name, ways in (("Broader", lacking.broader), ("Related", lacking.related)):
        if ways:
            yield f"{name}: {_counted(ways)}."


def _counted(ways: Sequence[Way]) -> str:
    return ", ".join(f"{each.label} ({each.number})" for each in ways)


def _ways(found: search_page.SearchPage) -> Iterator[tuple[str, tuple[Way, ...]]]:
    """Yield the groups of alternative searches, each with its label."""
    if found.ways and found.ways.words:
        yield "Each alone", found.ways.words
    if found.ways and found.ways.nearest:
        yield "Nearest", found.ways.nearest


def _with_below(row: facet_panel.FacetRow) -> list[facet_panel.FacetRow]:
    return [row, *row.children]


def _styled(runs: Sequence[Run]) -> str:
    return "".join(click.style(run.text, bold=True) if run.marked else run.text for run in runs)


def arguments(words: Sequence[str], allowed: set[str]) -> MultiDict[str, str]:
    """Return words and `--name value` pairs as the query parameters of a URL.

    Raise UsageError if a name is not allowed or has no value.
    """
    found: MultiDict[str, str] = MultiDict()
    typed, left = [], list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("--"):
            typed.append(word)
            continue
        name, given, value = word[2:].partition("=")
        if name not in allowed:
            raise click.UsageError(f"no such option: --{name}; there are {_options(allowed)}")
        if not given and not left:
            raise click.UsageError(f"--{name} needs a value")
        found.add(name, value if given else left.pop(0))
    found.add("q", " ".join(typed))
    return MultiDict((name, _readable(value)) for name, value in found.items(multi=True))


def _readable(text: str) -> str:
    """Replace the lone surrogates by which Python represents bytes that are not UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _options(names: set[str]) -> str:
    return ", ".join(f"--{name}" for name in sorted(names))


def tell(problems: Sequence[Problem]) -> None:
    """Print the problems of a corpus to standard error."""
    for problem in problems:
        click.echo(f"  {problem}", err=True)
    if problems:
        plural = "problem" if len(problems) == 1 else "problems"
        click.echo(f"{len(problems)} {plural} in the corpus.", err=True)


def tell_outcome(outcome: Outcome) -> None:
    """Print the outcome of a build."""
    took, name = f"{outcome.seconds:.1f} s", outcome.generation.name
    if outcome.status == "unchanged":
        click.echo(f"Nothing changed: {name} stays live ({took}).")
        return
    changes = outcome.changes
    click.echo(
        f"Published {name}: {changes.added} added, {changes.changed} changed, "
        f"{changes.removed} removed, {changes.unchanged} unchanged, {took}."
    )


def outcome_line(outcome: Outcome) -> str:
    """Return the outcome of a build in one line, with the first problem of the corpus."""
    changes, name = outcome.changes, outcome.generation.name
    line = f"Nothing changed: {name} stays live"
    if outcome.status == "published":
        line = (
            f"Built {name}: {changes.added} added, {changes.changed} changed, "
            f"{changes.removed} removed"
        )
    return f"{line}, {_in_short(outcome.problems)}."


def failure_line(error: Exception) -> str:
    """Return one line that explains why a build failed while an index is served."""
    why, end = str(error), ""
    if isinstance(error, OSError):
        why = ". ".join(fsync.refusal(error))
    if isinstance(error, MemoryError):
        why = "there is not enough memory. Close other programs"
    if isinstance(error, IndexUnwritten):
        end = " To serve the index as it is, add --no-build."
    if isinstance(error, Refused) and error.problems:
        end = f" The corpus has {_in_short(error.problems)}."
    return f"Not built, the last good index stays: {why}.{end}"


def _in_short(problems: Sequence[Problem]) -> str:
    if not problems:
        return "0 problems"
    many = f"{len(problems)} problems, the first" if len(problems) > 1 else "1 problem"
    return f"{many}: {problems[0]}"


def tell_concepts(verdict: Verdict) -> None:
    """Print the number of concepts found, and list the others. Print nothing without concepts."""
    if verdict.concepts:
        found = verdict.concepts - len(verdict.missing)
        others = ". These are not:" if verdict.missing else "."
        told = f"{found} of {verdict.concepts} concepts of the thesaurus"
        click.echo(f"{told} are found in them by a label{others}")
    for concept in verdict.missing:
        label = next(iter(concept.labels(verdict.catalogue.language)), "")
        click.echo(f"  {concept.id}: {label}" if label else f"  {concept.id}")
