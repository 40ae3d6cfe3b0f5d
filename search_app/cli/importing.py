"""Commands for files of any known format: `open`, `import`, and `formats`."""

import glob
import shutil
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, TypedDict, Unpack

import click
import platformdirs
from msgspec.structs import replace

from indexer.catalogue import safe_files
from indexer.catalogue.catalogue_toml import CATALOGUE_FILE
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem
from indexer.jobs import importer, pages
from indexer.jobs.build import RemovesTooMuch
from indexer.jobs.import_files import ImportRejected
from indexer.jobs.importer import ImportedSource, ImportResult
from indexer.mapping.sources import SOURCES_FILE
from indexer.readers import registry
from search_app import config
from search_app.cli import options, output, serving
from search_app.cli.terminal import ProgressDisplay, print_json, print_line

_MAX_COLUMN_CHARS, _MAX_VALUE_CHARS = 44, 70
_MAX_EXAMPLES = 3
_PROPOSED = (CATALOGUE_FILE, SOURCES_FILE)
"""The files that `open` writes, and that a user may correct."""
_FORMAT = click.option("--format", "format_name", help="The format, if it is not recognized.")
_TITLE = click.option("--title", help="The title of the catalogue. Default: the file's name.")
_MAP = click.option(
    "--map", "choices", multiple=True, metavar="FIELD=COLUMN",
    help="Read a field from this column, such as title=245__. Repeat it for other fields.",
)  # fmt: skip
_FILES = click.argument("files", nargs=-1, required=True, type=options.PATH)


class _Stated(TypedDict):
    """What a user states about files: the values of `--title`, `--format`, and `--map`."""

    title: str | None
    format_name: str | None
    choices: tuple[str, ...]


@click.command(name="import")
@_FILES
@click.option("--into", type=options.PATH, required=True, help="A new folder, or one to update.")
@_TITLE
@_FORMAT
@_MAP
@click.option("--in-place", is_flag=True, help="Refer to the files instead of copying them.")
@click.option("--json", "as_json", is_flag=True, help="Print the mapping as JSON.")
@click.option("--pages", "as_pages", is_flag=True, help="Write HTML pages to edit by hand.")
@click.option("--like", type=options.PATH, help="With --pages: use the fields of this corpus.")
@options.report
def import_(
    files: tuple[Path, ...],
    into: Path,
    in_place: bool,
    as_json: bool,
    as_pages: bool,
    like: Path | None,
    report: BinaryIO | None,
    **stated: Unpack[_Stated],
) -> None:
    """Make a catalogue of files and folders in any known format.

    The folder gets the files, the fields of the catalogue (catalogue.toml), and the mapping of
    columns to fields (sources.toml). An import of newer files into the same folder keeps the fields
    and the mapping. An interrupted import changes nothing.

    Exit status: 0 success, 3 imported but with problems, 1 not imported.
    """
    problems: list[Problem] = []
    try:
        if as_pages:
            count = _write_pages(files, into, like, problems, stated)
            print_line(f"Wrote {output.format_count(count, 'publication')} to {into}.")
        else:
            allow = safe_files.allow_outside
            result = _import(files, into, problems, stated, in_place=in_place, allow=allow)
            _print_result(result, into, as_json=as_json)
    finally:
        output.print_problems(problems)
        options.write_report(report, problems)
    sys.exit(options.WITH_PROBLEMS if problems else 0)


def _write_pages(
    files: Sequence[Path], into: Path, like: Path | None, problems: list[Problem], stated: _Stated
) -> int:
    """Write pages with the fields of another corpus, or with those that an import would propose.

    Return the number of publications.
    """
    limits = config.load().limits
    if like:
        if len(files) > 1:
            raise click.UsageError("--pages with --like converts one file at a time")
        if stated["choices"]:
            raise click.UsageError("--map has no effect with --like")
        return len(pages.write_pages(files[0], into, like, problems.append, limits))
    with TemporaryDirectory() as temporary:
        folder = Path(temporary, "corpus")
        reported: list[Problem] = []
        _import(files, folder, reported, stated)
        written = pages.convert_corpus(folder, into, problems.append, limits)
    # The conversion reads the files again, but knows nothing of those that were left out.
    repeated = {(problem.line, problem.what) for problem in problems}
    problems += [problem for problem in reported if (problem.line, problem.what) not in repeated]
    return len(written)


def _import(
    files: Sequence[Path],
    into: Path,
    problems: list[Problem],
    stated: _Stated,
    *,
    in_place: bool = True,
    allow: Callable[[Path, Iterable[str]], None] = safe_files.allow_outside_for_now,
) -> ImportResult:
    paths = list(_expand(files))
    with ProgressDisplay(paths, "Reading") as progress:
        return importer.import_files(
            paths,
            into,
            **stated,
            in_place=in_place,
            report=problems.append,
            progress=progress,
            limits=config.load().limits,
            allow=allow,
        )


def _expand(files: Iterable[Path]) -> Iterator[Path]:
    """Yield files, folders, and the matches of globs. Raise ImportRejected if a path has none."""
    for file in files:
        if file.exists():
            yield file
            continue
        # Unlike Path.glob, this accepts any pattern.
        matches = sorted(glob.glob(str(file), recursive=True))  # noqa: PTH207
        if not matches:
            raise ImportRejected(f"{file} does not exist", "Check the path")
        yield from map(Path, matches)


@click.command(name="open")
@_FILES
@_TITLE
@_FORMAT
@_MAP
@click.option("--port", type=int, help="The port. Default: that of the settings, or a free one.")
@click.pass_context
def open_(
    context: click.Context, files: tuple[Path, ...], port: int | None, **stated: Unpack[_Stated]
) -> None:
    """Serve files and folders in any known format as a searchable catalogue.

    Its index is in the user's cache folder, with its catalogue.toml and sources.toml. Your
    corrections in these are kept. The files stay where they are. Ctrl-C stops the server.
    """
    settings = config.load()
    folder = _cache_folder(files)
    corpus, index = folder / "corpus", folder / "index"
    is_corrected = _is_corrected(corpus)
    if not is_corrected:
        shutil.rmtree(corpus, ignore_errors=True)
    problems: list[Problem] = []
    try:
        result = _import(files, corpus, problems, stated)
    finally:
        output.print_problems(problems)
    _print_result(result, corpus, as_json=False)
    if is_corrected:
        print_line(f"Your corrections were kept. Delete {corpus} to start again without them.")
    else:
        for name in _PROPOSED:
            shutil.copyfile(corpus / name, folder / name)
        print_line(f"To correct it, edit {' or '.join(_PROPOSED)} there, and open it again.")
    _build(config.load(corpus=corpus, index=index), frozenset(problems))
    context.invoke(
        serving.serve,
        corpus=corpus,
        index=index,
        host="127.0.0.1",
        port=port or _find_port(settings.port),
        builds="never",
    )


def _is_corrected(corpus: Path) -> bool:
    """Return whether a user changed what `open` proposed, or added a file to it."""
    names = {path.name for path in corpus.iterdir()} if corpus.is_dir() else set()
    pairs = [(corpus / name, corpus.parent / name) for name in _PROPOSED]
    if not names.issuperset(_PROPOSED) or not all(former.exists() for _, former in pairs):
        return False
    return len(names) > len(pairs) or any(
        now.read_bytes() != former.read_bytes() for now, former in pairs
    )


def _build(settings: config.Settings, reported: Set[Problem]) -> None:
    """Build the index of opened files, even if many publications were removed.

    Print the problems that the import has not reported.
    """
    with ProgressDisplay([settings.corpus]) as progress:
        try:
            result = serving.build(settings, progress)
        except RemovesTooMuch:
            result = serving.build(settings, progress, force=True)
    output.print_problems([each for each in result.problems if each not in reported])
    output.print_build_result(result)


def _cache_folder(files: Iterable[Path]) -> Path:
    """Return the cache folder of these files. The same files always have the same folder."""
    paths = [str(safe_files.resolve(file)) for file in files]
    digest = sha256("\0".join(paths).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return Path(platformdirs.user_cache_dir("pubsearch", appauthor=False)) / digest


def _find_port(preferred: int) -> int:
    """Return the preferred port, or a free one if it is taken."""
    for port in (preferred, 0):
        with closing(socket.socket()) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return preferred


@click.command()
def formats() -> None:
    """List the formats that can be imported."""
    for reader in registry.load_readers():
        print_line(f"{reader.NAME:<20} {' '.join(reader.SUFFIXES)}")


def _print_result(result: ImportResult, into: Path, *, as_json: bool) -> None:
    title = result.catalogue.title
    if as_json:
        report = {"sources": result.sources, "catalogue": title, "attached": result.attached}
        print_json(report)
        return
    # Files of the same columns differ in nothing else.
    for _, alike in groupby(
        result.sources, lambda each: replace(each, file="", records=0, problems=0, examples=[])
    ):
        for line in _format_sources(list(alike)):
            print_line(line)
    kept = f" Its {SOURCES_FILE} was kept." if result.is_update else ""
    count = sum(source.records for source in result.sources)
    records = output.format_count(count, "record")
    if result.attached:
        files = output.format_count(result.attached, "file")
        print_line()
        print_line(f"Files of these records: {files}.")
    print_line()
    print_line(f"Imported {records} of “{title}” into {into}.{kept}")
    examples = [example for source in result.sources for example in source.examples]
    if examples:
        print_line("This is how they will look:")
    for example in examples[:_MAX_EXAMPLES]:
        for line in _format_example(example, result.catalogue):
            print_line(line)


def _format_example(example: Mapping[str, list[str]], catalogue: Catalogue) -> Iterator[str]:
    """Yield the lines of a record: its title, then its other fields."""
    for name, values in example.items():
        field, text = catalogue.by_name[name], " | ".join(" ".join(each.split()) for each in values)
        text = text if len(text) <= _MAX_VALUE_CHARS else f"{text[: _MAX_VALUE_CHARS - 1]}…"
        yield f"  {text}" if field.role == "title" else f"    {field.label}: {text}"


def _format_sources(sources: Sequence[ImportedSource]) -> Iterator[str]:
    """Yield lines that describe sources with the same description: fields, columns, the rest."""
    yield ""
    source, *others = sources
    names = f"{source.file} and {len(others)} more" if others else source.file
    records = output.format_count(sum(each.records for each in sources), "record")
    yield f"{names}: {records}, format {source.format}, because {source.evidence}"
    for field, columns in source.mapped.items():
        names = ", ".join(columns)
        names = names if len(names) <= _MAX_COLUMN_CHARS else f"{names[: _MAX_COLUMN_CHARS - 1]}…"
        remarks = [source.guessed[field]] if field in source.guessed else []
        if field in source.split:
            remarks.append(f"split, such as {' | '.join(source.split[field])[:_MAX_VALUE_CHARS]}")
        remark = f"  ({'; '.join(remarks)})" if remarks else ""
        yield f"  {field:<14} {source.filled[field]:>4.0%}  {names}{remark}"
    if source.unused:
        listed = [f"{name} ({count:,})" for name, count in source.unused.items()]
        yield f"  not used: {', '.join(listed[:20])}{', …' if len(listed) > 20 else ''}"
