"""Convert a catalogue in any supported format to a corpus folder with one page per section.

A publication is an `<article>` with microdata. The reader `html` reads it back without loss.
"""

import shutil
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import msgspec

from indexer.analysis import cleaning
from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import CATALOGUE_FILE
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Link, Publication, Report, Value
from indexer.ingest import corpus
from indexer.ingest.corpus import make_source_file
from indexer.jobs.import_files import (
    ImportRejected,
    make_place,
    replace_folder,
    undo_partial_switch,
)
from indexer.readers import registry

MAX_NAME_CHARS = 60
"""Maximum characters in the name of a page, without its extension. File systems allow 255 bytes."""
MAX_PUBLICATIONS = 500
"""Publications on one page. A build refuses pages that are too large."""
_TYPE = "https://schema.org/CreativeWork"


def write_pages(
    file: Path, folder: Path, like: Path, report: Report, limits: Limits = LIMITS
) -> list[Publication]:
    """Write the publications of a file as pages into a folder, with a `catalogue.toml`.

    The fields of the catalogue come from the corpus folder `like`. The sections come from the file.
    Duplicate ids get a number as a suffix, so that no publication is lost. An interrupted import
    changes nothing.

    Raise ImportRejected if the folder already has pages or a `catalogue.toml` of its own. Raise it
    also if no reader supports the file, or the file has no publications. Raise CatalogueError,
    ReaderError, or OSError.
    """
    folder = _check_target(folder, like)
    catalogue = catalogue_toml.load(like)
    match = registry.detect(file)
    if match is None:
        hint = "`pubsearch formats` lists the formats"
        raise ImportRejected(f"no reader supports {file.name}", hint)
    open_catalogue = _with_sections(catalogue, ())
    reader = corpus.CorpusReader(open_catalogue, report, limits=limits)
    source = make_source_file(file, file.name, match.reader, open_catalogue)
    read = [*reader.read_publications(source)]
    if not read:
        hint = f"Its reader was chosen because {match.evidence.reason}. See the problems above"
        raise ImportRejected(f"{file} contains no publication", hint)
    ids = unique_names(publication.id for publication in read)
    publications = [
        msgspec.structs.replace(publication, id=identity)
        for publication, identity in zip(read, ids, strict=True)
    ]
    _replace(folder, publications, catalogue, like)
    return publications


def convert_corpus(
    corpus_folder: Path, folder: Path, report: Report, limits: Limits = LIMITS
) -> list[Publication]:
    """Write the publications of a corpus folder as pages into another, with its `catalogue.toml`.

    Raise ImportRejected as `write_pages` does. Raise CatalogueError, ReaderError, or OSError.
    """
    folder = _check_target(folder, None)
    catalogue = catalogue_toml.load(corpus_folder)
    publications = list(corpus.read(corpus_folder, catalogue, report, limits))
    _replace(folder, publications, catalogue, None)
    return publications


def _check_target(folder: Path, like: Path | None) -> Path:
    """Return the absolute path of a folder for pages, which may be that of `like` itself.

    Raise ImportRejected if an import would mix its pages with others.
    """
    folder = folder.resolve()
    undo_partial_switch(folder)
    if folder.exists() and not folder.is_dir():
        raise ImportRejected(f"{folder} is not a folder", "Use an empty or a new folder")
    if folder.is_dir() and any(registry.detect(path) for path in folder.rglob("*")):
        raise ImportRejected(f"{folder} has pages already", "Use an empty or a new folder")
    is_like = like is not None and folder.is_dir() and folder.samefile(like)
    if (folder / CATALOGUE_FILE).exists() and not is_like:
        hint = "Use another folder, or copy its fields with --like"
        raise ImportRejected(f"{folder} has a {CATALOGUE_FILE} of its own", hint)
    return folder


def _find_section_field(catalogue: Catalogue) -> Field | None:
    return next((field for field in catalogue.facets if field.order == "listed"), None)


def _with_sections(catalogue: Catalogue, sections: tuple[str, ...]) -> Catalogue:
    """Return the catalogue with other sections. An empty tuple allows any section."""
    section = _find_section_field(catalogue)
    fields = (
        msgspec.structs.replace(field, values=sections) if field is section else field
        for field in catalogue.fields
    )
    return msgspec.structs.replace(catalogue, fields=tuple(fields))


def _replace(
    folder: Path, publications: Sequence[Publication], catalogue: Catalogue, like: Path | None
) -> None:
    """Write pages and a catalogue into a folder. Copy grouping files from `like` if given.

    The sections, and the publications of each, have the order of the file.
    """
    section = _find_section_field(catalogue)
    by_section: dict[str, list[Publication]] = {}
    for publication in publications:
        values = publication.values.get(section.name, ()) if section else ()
        heading = str(values[0]) if values else catalogue.title
        by_section.setdefault(heading, []).append(publication)
    if section:
        catalogue = _with_sections(catalogue, tuple(by_section))
    catalogue = msgspec.structs.replace(catalogue, notices=())
    pages = [
        (heading, listed[start : start + MAX_PUBLICATIONS])
        for heading, listed in by_section.items()
        for start in range(0, len(listed), MAX_PUBLICATIONS)
    ]
    names = unique_names(cleaning.make_slug(heading, None)[:MAX_NAME_CHARS] for heading, _ in pages)
    with replace_folder(folder) as temporary:
        for name, (heading, listed) in zip(names, pages, strict=True):
            page = format_page(listed, catalogue, heading)
            make_place(temporary, f"{name}.html").write_text(page, encoding="utf-8")
        for field in catalogue.fields:
            if field.grouping and like:
                shutil.copyfile(like / field.grouping, make_place(temporary, field.grouping))
        if catalogue.logo_image:
            make_place(temporary, catalogue.logo).write_bytes(catalogue.logo_image)
        text = catalogue_toml.format_toml(catalogue)
        make_place(temporary, CATALOGUE_FILE).write_text(text, encoding="utf-8")


def unique_names(names: Iterable[str]) -> list[str]:
    """Return the names, in order. A repeated name gets the suffix -2, -3 and so on."""
    unique: dict[str, None] = {}
    last_numbers: dict[str, int] = {}
    for name in names:
        free, number = name, last_numbers.get(name, 1)
        while free in unique:
            number += 1
            free = f"{name}-{number}"
        unique[free], last_numbers[name] = None, number
    return list(unique)


def format_page(publications: Iterable[Publication], catalogue: Catalogue, heading: str) -> str:
    """Return an HTML page of publications.

    `heading` is the page's title. Each article states all of its values, so that it can be moved
    to another page unchanged.
    """
    articles = "\n".join(_format_article(publication, catalogue) for publication in publications)
    title = escape(f"{heading} – {catalogue.title}")
    return (
        f'<!doctype html>\n<html lang="{escape(catalogue.language)}">\n<head>\n'
        f'<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(heading)}</h1>\n\n{articles}\n</main>\n</body>\n</html>\n"
    )


def _format_article(publication: Publication, catalogue: Catalogue) -> str:
    rows = []
    lines = [f'<article id="{escape(publication.id)}" itemscope itemtype="{_TYPE}">']
    for field in catalogue.fields:
        values = catalogue.get_values(publication, field)
        if field.role == "title":
            lang = f' lang="{escape(publication.lang)}"' if publication.lang else ""
            lines.append(f"  <h2 {_format_itemprop(field)}{lang}>{escape(publication.title)}</h2>")
        elif field.role == "abstract":
            lines += [
                f"  <p {_format_itemprop(field)}>{escape(paragraph)}</p>"
                for paragraph in (publication.summary or "").split("\n\n")
                if paragraph
            ]
        elif values:
            rows.append(f"    <dt>{escape(field.label)}</dt>")
            rows += [f"    <dd>{_format_value(field, value, catalogue)}</dd>" for value in values]
    if rows:
        lines += ["  <dl>", *rows, "  </dl>"]
    return "\n".join([*lines, "</article>", ""])


def _format_itemprop(field: Field) -> str:
    return f'itemprop="{escape(field.source_name)}"'


def _format_value(field: Field, value: Value, catalogue: Catalogue) -> str:
    itemprop, label = _format_itemprop(field), escape(field.display(value, catalogue.language))
    if isinstance(value, Link):
        language = f' hreflang="{escape(value.language)}"' if value.language else ""
        return f'<a {itemprop} href="{escape(value.url)}"{language}>{label}</a>'
    if field.kind in ("language", "country", "name"):
        return f'<data {itemprop} value="{escape(str(value))}">{label}</data>'
    if field.kind == "year":
        return f"<time {itemprop}>{value}</time>"
    return f"<span {itemprop}>{label}</span>"
