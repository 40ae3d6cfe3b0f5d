"""Extract the messages of the program, and update the translations with them (`make messages`).

Exit with status 1, and print the messages, if a translation is missing or needs a review.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from search_app.i18n.translation import LANGUAGES, SOURCE

SEARCH_APP = Path(__file__).parents[1] / "search_app"
TRANSLATIONS = SEARCH_APP / "i18n" / "translations"
METHODS = [("**.py", "python"), ("**/templates/**", "jinja2")]
KEYWORDS = {**DEFAULT_KEYWORDS, "html_gettext": None, "html_ngettext": (1, 2)}
"""Functions whose arguments are messages, with the places of a singular and a plural."""
OPTIONS = {"**/templates/**": {"newstyle_gettext": "true", "silent": "false"}}
WIDTH = 100


def extract() -> Catalog:
    """Return the messages of the program, without translations."""
    template = Catalog(project="pubsearch", version=version("pubsearch"), fuzzy=False)
    found = extract_from_dir(SEARCH_APP, METHODS, OPTIONS, KEYWORDS, ("Translators:",))
    for name, _, message, comments, context in found:
        template.add(
            message, locations=[(f"search_app/{name}", 0)], auto_comments=comments, context=context
        )
    return template


def read(file: Path) -> Catalog:
    """Return a translation."""
    with file.open("rb") as opened:
        return read_po(opened, locale=file.stem)


def list_unfinished(catalog: Catalog) -> Iterator[Message]:
    """Yield the messages that have no translation in some form, or one that needs a review."""
    for message in catalog:
        texts = message.string if isinstance(message.string, tuple | list) else [message.string]
        if message.id and (message.fuzzy or not all(texts)):
            yield message


def update(file: Path, template: Catalog) -> Catalog:
    """Update a translation, or create it, and return it.

    A changed message keeps its old translation for a review.
    """
    catalog = read(file) if file.exists() else Catalog(locale=file.stem, fuzzy=False)
    created = catalog.creation_date
    catalog.update(template, update_header_comment=False)
    catalog.creation_date = created  # an unchanged translation is an unchanged file
    catalog.last_translator = catalog.language_team = catalog.msgid_bugs_address = "pubsearch"
    with file.open("wb") as opened:
        write_po(
            opened,
            catalog,
            width=WIDTH,
            sort_by_file=True,
            include_lineno=False,
            ignore_obsolete=True,
        )
    return catalog


def main() -> int:
    """Update all translations, and return the exit status."""
    template, status = extract(), 0
    for file in [TRANSLATIONS / f"{code}.po" for code in LANGUAGES if code != SOURCE]:
        unfinished = list(list_unfinished(update(file, template)))
        for message in unfinished:
            print(f"{file.name}: no finished translation of {message.id!r}", file=sys.stderr)
        print(f"{file.name}: {len(template)} messages, {len(unfinished)} unfinished")
        status = 1 if unfinished else status
    return status


if __name__ == "__main__":
    sys.exit(main())
