"""Write publications as an HTML page, which the reader `html` reads back without loss.

A publication is an `<article>` with microdata.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Link, Publication, Value

_TYPE = "https://schema.org/CreativeWork"


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
