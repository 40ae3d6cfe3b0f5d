"""The commands of `pubsearch` and their exit statuses.

The command line is the top layer, and imports both the read side and the write side.
"""

import os
import sys
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, NoReturn

import click
import msgspec
from click.exceptions import NoArgsIsHelpError

from indexer.catalogue import retired
from indexer.catalogue.records import Problem
from indexer.generations import fsync
from indexer.jobs import check as checking
from indexer.jobs import link_check
from indexer.jobs.build import BuildRejected, RemovesTooMuch
from indexer.jobs.link_check import Client
from search_app import config, search_state
from search_app.api import responses
from search_app.cli import importing, options, output, serving, terminal
from search_app.cli.terminal import ProgressDisplay, print_json, print_line
from search_app.engine import Engine
from search_app.export.registry import FORMATS
from search_app.presentation import facets
from search_app.presentation.labels import facet_label, make_publication_url
from search_app.search_state import MATCH, NOT, PARAMETERS
from search_app.web.zero_result_log import most_frequent

REMOVES_MUCH = 4
"""Exit status of a build that was not published because it would remove too much."""
LINK_TIMEOUT = 20.0
"""Seconds for a connection, and again for a reply. Slow servers of small publishers need 10 s."""
_STATUS_LINES = 8
"""Values of a facet, or problems, that `status` lists, so that all fits on one screen."""


def run(arguments: list[str]) -> None:
    """Run the command line with these arguments. Raise KeyboardInterrupt after Ctrl-C.

    Report an error in one line, and exit with status 1 unless it has its own status.
    """
    terminal.escape_streams()
    try:
        commands(arguments, standalone_mode=False)
    except NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        click.UsageError(terminal.escape(error.format_message()), context).show()
        sys.exit(error.exit_code)
    except click.Abort as abort:
        raise KeyboardInterrupt from abort
    except BuildRejected as error:
        output.print_problems(error.problems)
        status = REMOVES_MUCH if isinstance(error, RemovesTooMuch) else options.FAILED
        _fail(f"not published: {error}", status)
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and str(error) != "can't start new thread":
            raise
        _fail("there is not enough memory. Close other programs, or use a larger machine")
    except serving.FAILURES as error:
        _fail(fsync.describe_error(error))
    except search_state.BadParameter as error:
        _fail(f"{error} {error.expected}".rstrip())


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90})
@click.version_option(package_name="pubsearch")
def commands() -> None:
    """Full-text search over a catalogue of publications.

    To begin, run: pubsearch open FILE. The file is a spreadsheet, a bibliography (BibTeX, RIS,
    MARC, and others), or a folder of PDFs. To make a catalogue that stays and can be edited, run:
    pubsearch import FILE --into corpus. Then run: pubsearch serve.

    `pubsearch COMMAND --help` describes a command. The documentation is in the folder docs of the
    source.
    """


@commands.command()
@options.corpus
@options.index
@click.option("--force", is_flag=True, help="Publish even if many or all publications are removed.")
@options.report
@click.option(
    "--gate", type=options.PATH, help="A file of judged queries whose results must not get worse."
)
@options.semantic
@options.encoder
def build(
    force: bool, report: BinaryIO | None, gate: Path | None, **given: Path | int | str | None
) -> None:
    """Build the index from the corpus, and publish it if anything changed.

    Exit status: 0 success, 3 success but some entries have problems, 1 not published, 4 not
    published because over 10 publications and over a fifth of all would be removed.
    """
    settings = config.load(os.environ, **given)
    try:
        with ProgressDisplay([settings.corpus]) as progress:
            result = serving.build(settings, progress, force=force, gate=gate)
    except BuildRejected as error:
        options.write_report(report, error.problems)
        raise
    output.print_problems(result.problems)
    output.print_unused(result.unused)
    output.print_build_result(result)
    options.write_report(report, result.problems)
    sys.exit(options.WITH_PROBLEMS if result.problems else 0)


def _fail(message: str, status: int = options.FAILED) -> NoReturn:
    print_line(f"pubsearch: {message}", err=True)
    sys.exit(status)


@commands.command()
@options.index
@click.option("--all", "list_all", is_flag=True, help="List all values and all problems.")
def status(index: str | None, *, list_all: bool) -> None:
    """Show the live generation on one screen: its name, date, and contents."""
    location = options.open_location(config.load(index=index))
    live = location.load_live()
    manifest = live.manifest
    print_line(f"{live.name}, built {manifest.built} in {manifest.seconds:.1f} s")
    print_line(f"{manifest.publications} publications of “{manifest.catalogue.title}”")
    print_line(f"On disk: {', '.join(location.list_names())}")
    print_line(f"Retired ids: {len(live.read_retired())}")
    print_line(f"Problems in the corpus: {len(manifest.problems)}")
    outcome = location.read_last_build()
    if outcome and outcome.status == "failed":
        print_line(f"The last build failed, {outcome.at}: {outcome.what}")
    sections = [
        (
            field.label,
            [
                f"{count:>7}  {facet_label(field, value, manifest.catalogue)}"
                for value, count in manifest.counts[field.name].items()
            ],
        )
        for field in manifest.catalogue.facets[:2]
    ]
    if manifest.problems:
        sections.append(("Problems", [str(problem) for problem in manifest.problems]))
    for heading, lines in sections:
        shown = lines if list_all else lines[:_STATUS_LINES]
        print_line()
        print_line(f"{heading}")
        for line in shown:
            print_line(f"  {line}")
        if len(shown) < len(lines):
            print_line(f"  and {len(lines) - len(shown)} more, which status --all lists")


@commands.command(name="retired")
@options.index
def retired_(index: str | None) -> None:
    """Print the ids of removed and renamed publications, in the format of retired.toml.

    Save them in the corpus folder to keep them after the index is deleted.
    """
    entries = options.open_location(config.load(index=index)).load_live().read_retired()
    terminal.write_data([retired.format_toml(entries.values()).encode()])


@commands.command()
@options.corpus
@options.report
@click.option("--links", is_flag=True, help="Also test the links, and write tested.links.")
@click.option(
    "--days",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    help="Test the links whose last test is at least this old.",
)
@click.option(
    "--delay",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Seconds between two requests to a host.",
)
@click.option("--local", is_flag=True, help="Also test links into the local network.")
def check(
    corpus: Path | None, report: BinaryIO | None, links: bool, days: int, delay: float, local: bool
) -> None:
    """Check the corpus, and report its problems. Only --links writes into the corpus.

    Exit status: 0 success, 3 some entries have problems, 1 the corpus can't be read.
    """
    settings = config.load(corpus=corpus)
    folder = settings.corpus
    with ProgressDisplay([folder], "Reading") as progress:
        check_report = checking.check(folder, progress, settings.limits)
    problems = check_report.problems
    output.print_problems(problems)
    if not check_report.publications:
        options.write_report(report, problems)
        _fail(f"{folder} contains no readable publication. Fix its files, or use another --corpus")
    print_line(f"{check_report.publications} publications of “{check_report.catalogue.title}”")
    output.print_unused(check_report.unused)
    if links:
        problems += _check_links(settings, days, delay, is_local_allowed=local)
    options.write_report(report, problems)
    sys.exit(options.WITH_PROBLEMS if problems else 0)


def _check_links(
    settings: config.Settings, days: int, delay: float, *, is_local_allowed: bool
) -> tuple[Problem, ...]:
    """Test the links of a corpus without a result of the last `days`. Print what was found.

    Return the dead and moved links.
    """
    site = f"; +{settings.site_url}" if settings.site_url else ""
    agent = f"pubsearch/{version('pubsearch')} (link check{site})"
    client = Client(agent, delay=delay, timeout=LINK_TIMEOUT, is_local_allowed=is_local_allowed)
    label = "Testing links"
    with ProgressDisplay((), label) as progress:
        report = link_check.check_links(
            settings.corpus,
            client,
            timedelta(days=days),
            partial(progress.show_phase, label),
            settings.limits,
        )
    for problem in report.problems:
        print_line(f"  {problem}", err=True)
    for problem in report.unclear:
        print_line(f"  {problem}")
    total = output.format_count(sum(report.counts.values()), "link")
    parts = [f"{count:,} {status}" for status, count in sorted(report.counts.items()) if count]
    print_line(f"{total}: {', '.join(parts)}." if parts else "There are no links.")
    return report.problems


@commands.command()
@options.index
def verify(index: str | None) -> None:
    """Check CURRENT and every generation of the index, and report damage.

    Exit status: 0 no damage, 1 damage.
    """
    reports = list(options.open_location(config.load(index=index)).verify())
    for report in reports:
        size = f" ({report.size / 1e6:,.1f} MB)" if report.size else ""
        print_line(f"{report.name}: {'; '.join(report.errors) or 'undamaged'}{size}")
    sys.exit(options.FAILED if any(report.errors for report in reports) else 0)


@commands.command()
@options.index
def rollback(index: str | None) -> None:
    """Make the generation before the live one live again.

    Damaged generations are skipped. If CURRENT is unusable, the newest undamaged generation becomes
    live.
    """
    name = options.open_location(config.load(index=index)).rollback()
    print_line(f"Live is now {name}.")


@commands.command(
    context_settings={
        "ignore_unknown_options": True,
        "allow_extra_args": True,
        "help_option_names": ["--help"],
    }
)
@options.index
@options.encoder
@click.option("--json", "as_json", is_flag=True, help="Print the JSON of /api/search.")
@click.option(
    "--format", "format_name", type=click.Choice([*FORMATS]), help="Write all hits in a format."
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def search(
    index: str | None,
    encoder: str | None,
    as_json: bool,
    format_name: str | None,
    words: tuple[str, ...],
) -> None:
    """Search from the terminal, with the same results as on the page.

    Every parameter of the page is an option: --region "South Asia" --year 2010..2015
    --sort newest --size 20 --page 2 --match any --exact 1 --fold 1
    --explain 1 --semantic 0 --inside 0. A facet with the name of another option is a field of
    the query: format:video.
    """
    settings = config.load(index=index, encoder=encoder)
    with config.load_encoder(settings) or nullcontext() as transformer:
        engine = Engine.open(settings.index, transformer, settings.work)
        searcher = engine.get_searcher()
        catalogue = searcher.catalogue
        names = {parameter.name for parameter in PARAMETERS if parameter.name != "q"}
        for field in catalogue.filterable:
            names |= {field.name, f"{MATCH}{field.name}", f"{NOT}{field.name}"}
        state = search_state.read(output.parse_arguments(words, names), catalogue)
        if format_name:
            site = f"{settings.site_url}{settings.prefix}"
            parts = FORMATS[format_name].write(
                searcher.scan(state),
                catalogue,
                # Without the setting `site_url`, the publications have no page.
                lambda identity: make_publication_url(identity, site) if settings.site_url else "",
            )
            terminal.write_data(parts)
            return
        values = responses.MAX_VALUES if as_json else facets.MAX_SHOWN_VALUES
        results = engine.search(msgspec.structs.replace(state, values=values))
        if as_json:
            print_json(responses.make_search(state, results, catalogue))
            return
        output.print_results(results, state, catalogue, has_texts=searcher.has_texts)


@commands.command()
@options.setting("zero_result_log", options.PATH)
@click.option("--most", type=click.IntRange(min=1), default=20, show_default=True)
def zero_results(zero_result_log: Path | None, most: int) -> None:
    """List the most frequent queries without hits, from the log of the server."""
    settings = config.load(zero_result_log=zero_result_log)
    if not settings.zero_result_log:
        hint = "Set PUBSEARCH_ZERO_RESULT_LOG to its file"
        _fail(f"there is no log of queries without hits. {hint}")
    for text, count in most_frequent(Path(settings.zero_result_log), most):
        print_line(f"{count:>7}  {text}")


for command in (
    importing.open_,
    importing.import_,
    importing.formats,
    serving.serve,
    serving.watch,
    serving.mcp,
):
    commands.add_command(command)
