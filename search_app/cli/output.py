"""Print results, builds, and problems to a terminal; parse the arguments of a search."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import click
from werkzeug.datastructures import MultiDict

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem
from indexer.generations import fsync
from indexer.generations.manifest import IndexWriteError
from indexer.jobs.build import BuildRejected, BuildResult
from search_app.cli.terminal import print_line
from search_app.engine.results import Results, TextRun
from search_app.presentation import search_page
from search_app.presentation.facets import make_facet_groups
from search_app.presentation.hits import explain_in_sentences, format_facts, list_file_lines
from search_app.presentation.labels import facet_label
from search_app.search_state import SearchState

MAX_PROBLEMS = 3
"""Maximum number of problems that one line names."""
MAX_TITLES = 5
"""Maximum number of listed titles that several publications share."""
MAX_UNUSED = 20
"""Maximum number of listed files with unused columns, and of columns per file."""


def print_results(
    results: Results, state: SearchState, catalogue: Catalogue, *, has_texts: bool
) -> None:
    """Print a page of results and the facet counts. `has_texts`: the index has full texts."""
    readings = search_page.interpretation_notes(results, state, catalogue, has_texts=has_texts)
    lines = [
        search_page.summarize(results, state),
        *search_page.search_notes(results, state, catalogue),
    ]
    lines += [reading.alone for reading in readings]
    lines += filter(None, [search_page.describe_relaxed(results)])
    if results.diagnosis:
        lines += _list_diagnosis(
            search_page.make_diagnosis_links(results.diagnosis, state, catalogue)
        )
    for text in lines:
        print_line(text)
    for hit in results.hits:
        facts = format_facts(hit.publication, catalogue.facts, catalogue)
        place = f"{hit.publication.source.file}:{hit.publication.source.line}"
        print_line()
        print_line(*hit.title)
        print_line(f"  {' · '.join(fact.unescape() for fact in facts)}")
        print_line(f"  {hit.publication.id} ({place})")
        if hit.passage:
            print_line("  ", *hit.passage)
        needs_passage = not any(run.marked for run in hit.passage)
        for line, passage, _ in list_file_lines(
            hit, catalogue, "", "", needs_passage=needs_passage
        ):
            print_line(f"  {line.striptags()}")
            if passage:
                print_line("  ", *passage)
        for reason in explain_in_sentences(hit.explanation, catalogue) if hit.explanation else ():
            print_line(f"  - {reason}")
    print_line()
    for group in make_facet_groups(results, state, catalogue):
        values = [
            f"{'not ' if value.excluded else ''}"
            f"{facet_label(catalogue.by_name[value.field], value.value, catalogue)} ({value.count})"
            for bucket in group.buckets
            for value in (bucket, *bucket.children)
        ]
        values += [f"{group.more} more"] if group.more else []
        print_line(TextRun(group.label, True), f": {', '.join(values)}")


def _list_diagnosis(links: search_page.DiagnosisLinks) -> Iterator[str]:
    """Yield a line for each place or concept without publications, with alternative searches.

    Then yield a line for the words, and one for similar queries.
    """
    for place in links.absent_places:
        nearby = (
            ("Its region", place.regions),
            ("Countries in it", place.countries),
            ("Without a region", place.unplaced),
        )
        yield " ".join([f"No publication is about {place.name}.", *_list_ways(nearby)])
    for concept in links.absent_concepts:
        wider = (("Broader", concept.broader), ("Related", concept.related))
        yield " ".join([f"No publication is about {concept.text}.", *_list_ways(wider)])
    for label, searches in (("Hits for each word", links.words), ("Nearest", links.nearest)):
        if searches:
            yield f"{label}: {' · '.join(f'{link.text} {link.total:,}' for link in searches)}"


def _list_ways(ways: Iterable[tuple[str, Sequence[search_page.SearchLink]]]) -> Iterator[str]:
    for name, links in ways:
        if links:
            counts = ", ".join(f"{link.text} ({link.total:,})" for link in links)
            yield f"{name}: {counts}."


def parse_arguments(words: Sequence[str], allowed: set[str]) -> MultiDict[str, str]:
    """Return words and `--name value` pairs as the query parameters of a URL.

    Raise UsageError if a name is not allowed or has no value.
    """
    parameters: MultiDict[str, str] = MultiDict()
    query_words, remaining = [], list(words)
    while remaining:
        word = remaining.pop(0)
        if not word.startswith("--"):
            query_words.append(word)
            continue
        name, has_value, value = word[2:].partition("=")
        if name not in allowed:
            options = ", ".join(f"--{option}" for option in sorted(allowed))
            raise click.UsageError(f"there is no option --{name}. Use one of: {options}")
        if not has_value and not remaining:
            raise click.UsageError(f"--{name} needs a value")
        parameters.add(name, value if has_value else remaining.pop(0))
    parameters.add("q", " ".join(query_words))
    # Python represents bytes that are not UTF-8 by lone surrogates. They become question marks.
    return MultiDict(
        (name, value.encode("utf-8", "replace").decode("utf-8"))
        for name, value in parameters.items(multi=True)
    )


def format_count(count: int, noun: str) -> str:
    """Return a number with its noun, such as "1 record" or "2,000 records"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def print_problems(problems: Sequence[Problem]) -> None:
    """Print the problems of a corpus to standard error."""
    for problem in problems:
        print_line(f"  {problem}", err=True)
    if problems:
        print_line(f"{format_count(len(problems), 'problem')} in the corpus.", err=True)


def print_build_result(result: BuildResult) -> None:
    duration, name = f"{result.seconds:.1f} s", result.generation.name
    if result.status == "unchanged":
        print_line(f"Nothing changed: {name} stays live ({duration}).")
        return
    changes = result.changes
    print_line(
        f"Published {name}: {changes.added} added, {changes.changed} changed, "
        f"{changes.removed} removed, {changes.unchanged} unchanged, {duration}."
    )
    if result.merged:
        records = "1 record was" if result.merged == 1 else f"{result.merged:,} records were"
        print_line(f"{records} merged with another of the same title and DOI, PMID, or ISBN.")
    if titles := result.same_titles:
        first, count = titles[:MAX_TITLES], sum(same.count for same in titles)
        names = ", ".join(f"“{same.title}” ({same.year}, {same.count:,} times)" for same in first)
        more = ", …" if len(titles) > len(first) else ""
        print_line(f"{count:,} publications share title and year, but no key: {names}{more}")


def print_unused(unused: Mapping[tuple[str, str], int]) -> None:
    """Print the unused columns, one line per file, each with its number of records."""
    columns: dict[str, list[str]] = {}
    for (file, column), count in unused.items():
        columns.setdefault(file, []).append(f"{column} ({count:,})")
    for file, names in sorted(columns.items())[:MAX_UNUSED]:
        more = ", …" if len(names) > MAX_UNUSED else ""
        print_line(f"{file}: no field uses {', '.join(names[:MAX_UNUSED])}{more}")


def format_build_result(result: BuildResult, known: Collection[Problem] = ()) -> str:
    """Return the outcome of a build in one line, with the first problems of the corpus.

    Problems that are not `known` from the build before come first.
    """
    changes, name = result.changes, result.generation.name
    line = f"Nothing changed: {name} stays live"
    if result.status == "published":
        line = (
            f"Built {name}: {changes.added} added, {changes.changed} changed, "
            f"{changes.removed} removed"
        )
        line += f", {result.merged:,} merged" if result.merged else ""
    return f"{line}, {_summarize_problems(result.problems, known)}."


def format_failure(error: Exception, *, keeps_index: bool) -> str:
    """Return one line that explains why a build failed, and whether an earlier index stays live."""
    reason, hint = fsync.describe_error(error), ""
    if isinstance(error, MemoryError):
        reason = "there is not enough memory. Close other programs"
    if keeps_index and isinstance(error, IndexWriteError):
        hint = " To serve the index as it is, add --no-build."
    if isinstance(error, BuildRejected) and error.problems:
        hint = f" The corpus has {_summarize_problems(error.problems)}."
    outcome = ", so the last good index stays live" if keeps_index else ""
    return f"The index was not built{outcome}: {reason}.{hint}"


def _summarize_problems(problems: Sequence[Problem], known: Collection[Problem] = ()) -> str:
    """Return the number of problems, and the first ones. Those that are not `known` come first."""
    old = {*problems}.intersection(known)
    new = [problem for problem in problems if problem not in old]
    named = [*new, *(problem for problem in problems if problem in old)][:MAX_PROBLEMS]
    summary = format_count(len(problems), "problem")
    if old and new:
        summary += f", {len(new):,} of them new"
    names = "; ".join(map(str, named))
    more = f"; and {len(problems) - len(named):,} more" if len(problems) > len(named) else ""
    return f"{summary}: {names}{more}" if problems else summary
