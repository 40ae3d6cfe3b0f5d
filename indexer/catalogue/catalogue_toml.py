"""Read, check and write `catalogue.toml`, and read its grouping file and its translations.

An invalid file raises CatalogueError with the place and a hint. Nothing is built from it.
"""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from indexer.analysis import language_detection
from indexer.catalogue import appearance, safe_files, translations
from indexer.catalogue.fields import MISSING, Catalogue, Field
from indexer.catalogue.texts import CatalogueTexts
from indexer.values import iso_codes

CATALOGUE_FILE = "catalogue.toml"
RESERVED_NAMES = frozenset(
    "q match exact page size sort fold facet id lang score url title_html summary_html source "
    "editions other_editions other_sources similar "
    "explain semantic json query all any everything record index help hit cite find".split()
)
"""Names that URL parameters and the API use for something other than fields."""
MAX_TOML_BYTES = 4_000_000
"""Limit on a TOML file in bytes. Reading takes about 1 s per million bytes."""
_LONG_KEY = re.compile(r"""(?<![\w"'-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){101}""")
"""A key of over 100 parts. tomllib needs quadratic time in the parts, so it would not end."""

_OWN_ROLES = {"title": "title", "summary": "abstract"}
"""Names of rows that only rows of one role may have, because the API uses them for that."""

_Data = TypeVar("_Data")


class CatalogueError(Exception):
    """An unusable catalogue file: `message` is the fault, and `hint` says how to fix it."""

    def __init__(self, file: Path, message: str, hint: str) -> None:
        super().__init__(f"{file}: {message}. {hint}")
        self.file, self.message, self.hint = file, message, hint


def load(folder: Path) -> Catalogue:
    """Return the catalogue of a corpus folder.

    Raise CatalogueError if `catalogue.toml` or its grouping file is missing or invalid, or if a
    translation is invalid.
    """
    file = folder / CATALOGUE_FILE
    catalogue = read_toml(file, Catalogue, "See corpus/README.md for the keys of a row")
    for message, hint in _find_faults(catalogue):
        raise CatalogueError(file, message, hint)
    for field in catalogue.fields:
        if field.grouping:
            groups = _load_groups(folder / field.grouping, catalogue.by_name[str(field.parent)])
            catalogue = msgspec.structs.replace(catalogue, groups=groups)
    if catalogue.logo:
        image = _read_logo(folder / catalogue.logo)
        catalogue = msgspec.structs.replace(catalogue, logo_image=image)
    files = {path.stem.partition(".")[2]: path for path in sorted(folder.glob("catalogue.*.toml"))}
    texts = {name: _read_translation(path, name, catalogue) for name, path in files.items()}
    return msgspec.structs.replace(catalogue, translations=texts)


def _read_translation(file: Path, language: str, catalogue: Catalogue) -> CatalogueTexts:
    """Return the texts of a file such as `catalogue.fr.toml`. Raise CatalogueError."""
    texts = read_toml(file, CatalogueTexts, "See corpus/README.md for the keys of a translation")
    for message, hint in translations.find_faults(language, texts, catalogue):
        raise CatalogueError(file, message, hint)
    return texts


def _read_logo(file: Path) -> bytes:
    hint = f"Use an image of at most {appearance.MAX_LOGO_BYTES:,} bytes in this folder"
    if safe_files.leaves_folder(file, file.parent):
        raise CatalogueError(file, "it is a link out of the corpus folder", hint)
    try:
        image = safe_files.read_file(file, appearance.MAX_LOGO_BYTES + 1)
    except OSError as error:
        raise CatalogueError(file, f"the logo cannot be read: {error.strerror}", hint) from error
    if len(image) > appearance.MAX_LOGO_BYTES:
        raise CatalogueError(file, "the logo is too large", hint)
    return image


def format_toml(catalogue: Catalogue) -> str:
    """Return a catalogue as TOML that `load` reads back.

    Grouping, logo, and translations are separate files.
    """
    table = msgspec.to_builtins(catalogue)
    rows, rules = table.pop("field"), table.pop("type")
    lines = [
        f"{name} = {format_toml_value(value)}"
        for name, value in table.items()
        if name not in ("groups", "logo_image", "translations")
    ]
    for row in rows:
        lines += ["", "[[field]]"]
        lines += [
            f"{name} = {format_toml_value(value)}" for name, value in row.items()
            if name in ("name", "label") or value != _DEFAULTS[name]
        ]  # fmt: skip
    for rule in rules:
        lines += ["", "[[type]]", f"csl = {format_toml_value(rule['csl'])}"]
        lines += [
            f"where.{name} = {format_toml_value(values)}" for name, values in rule["where"].items()
        ]
    return "\n".join([*lines, ""])


def format_toml_value(value: object) -> str:
    """Encode a string, number, boolean or list, which TOML writes as JSON does, except DEL."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


_DEFAULTS = msgspec.to_builtins(Field("", ""))


def read_toml(file: Path, kind: type[_Data], hint: str) -> _Data:
    """Return the data of a TOML file as a type.

    Raise CatalogueError if the file is unreadable or too large. Raise it with `hint` if the data
    does not have that type.
    """
    if safe_files.leaves_folder(file, file.parent):
        raise CatalogueError(file, "it is a link out of the corpus folder", "Copy its target here")
    try:
        data = safe_files.read_file(file, MAX_TOML_BYTES + 1)
        if len(data) > MAX_TOML_BYTES:
            message = f"it has more than {MAX_TOML_BYTES} bytes"
            raise CatalogueError(file, message, "Move publications to pages or JSON Lines files")
        text = data.decode("utf-8")
        if _LONG_KEY.search(text):
            raise CatalogueError(file, "a key has more than 100 parts", "Use fewer dots in it")
        return msgspec.convert(tomllib.loads(text), kind)
    except msgspec.ValidationError as error:
        raise CatalogueError(file, str(error), hint) from error
    except FileNotFoundError:
        hint = f"Create {file.name} next to the pages. See the example in corpus/"
        raise CatalogueError(file, "the file does not exist", hint) from None
    except RecursionError:
        message = "its lists and tables are nested too deep"
        raise CatalogueError(file, message, "Write rows as corpus/README.md shows") from None
    except (OSError, ValueError) as error:  # ValueError: bad UTF-8 or TOML, or too long a number
        hint = "Make the file readable, and write valid TOML in UTF-8"
        raise CatalogueError(file, str(error), hint) from error


def _find_faults(catalogue: Catalogue) -> list[tuple[str, str]]:
    rows = catalogue.fields
    used = [name for row in rows for name in {row.name, *row.names}]
    places = [row.facet for row in catalogue.facets]
    roles = [row.role for row in rows]
    dates = [row.kind for row in rows if row.role == "issued"]
    faults = [
        (f"two rows have the name {name!r}", "Give each row unique names")
        for name in sorted({name for name in used if used.count(name) > 1})
    ]
    faults += _keep_failed(
        (not iso_codes.has_names(catalogue.language),
         f"the language {catalogue.language!r} is unknown", "Write a code such as en or pt-BR"),
        (not re.fullmatch(r"([a-z0-9-]+\.)*[a-z0-9-]*", catalogue.publisher_site),
         f"the publisher_site {catalogue.publisher_site!r} is not a host name",
         "Write a name such as example.org"),
        (roles.count("title") != 1,
         "exactly one row must have role = 'title'", "Add one, or keep only one"),
        (roles.count("abstract") > 1, "two rows have the role 'abstract'", "Keep one of them"),
        (len(set(dates)) < len(dates), f"two rows of kind {dates[-1:]} have the role 'issued'",
         "Keep one of them"),
        (len(set(places)) < len(places),
         "two facets have the same place", "Number them 1, 2, 3 ..."),
        (sum(row.parent is not None for row in rows) > 1,
         "two rows have a parent", "Keep one of them: a catalogue has at most one tree"),
        (bool(catalogue.map_notice) and "country" not in [row.kind for row in rows if row.parent],
         "the map_notice needs a map, which no row makes",
         "Remove it, or give a row of the kind country a parent"),
    )  # fmt: skip
    for row in rows:
        for find in (_name_faults, _value_faults, _parent_faults, translations.find_row_faults):
            faults += find(row, catalogue)
    faults += appearance.find_faults(catalogue.accent, catalogue.logo)
    return faults + _find_type_faults(catalogue)


def _find_type_faults(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return the faults of rules that name unknown rows, or values that a row does not allow."""
    conditions = [
        (rule.csl, name, value)
        for rule in catalogue.types for name, values in rule.where.items() for value in values
    ]  # fmt: skip
    allowed = {row.name: row.values for row in catalogue.valued}
    return [
        fault
        for kind, name, value in conditions
        for fault in _keep_failed(
            (name not in allowed, f"the type {kind!r} has a condition on an unknown row {name!r}",
             "Use the name of a row other than the title and the abstract"),
            (bool(allowed.get(name)) and value not in allowed[name],
             f"the type {kind!r} has the value {value!r}, which {name!r} does not allow",
             f"Use one of: {', '.join(allowed.get(name, ()))}"),
        )
    ]  # fmt: skip


def _name_faults(row: Field, catalogue: Catalogue) -> list[tuple[str, str]]:
    year_parameters = {f"{field.name}_{end}" for field in catalogue.fields if field.kind == "year"
             for end in ("from", "to")}  # fmt: skip
    is_taken = row.name in RESERVED_NAMES | year_parameters
    is_taken |= _OWN_ROLES.get(row.name, row.role) != row.role
    return _keep_failed(
        (not re.fullmatch(r"[a-z][a-z0-9_]*", row.name),
         f"the row name {row.name!r} can't be used",
         "Use lower-case letters, digits, and _, and start with a letter"),
        (is_taken,
         f"the row name {row.name!r} is taken by a URL parameter or the API",
         f"Choose another name. These are taken: {', '.join(sorted(RESERVED_NAMES))}"),
        (any(not re.fullmatch(r"\S+", name) for name in row.names),
         f"{row.name!r} has an empty name or a name with a space",
         "Write each name as one word, as in a page"),
    )  # fmt: skip


def _value_faults(row: Field, catalogue: Catalogue) -> list[tuple[str, str]]:
    chosen = row.facet is not None or row.parent is not None
    return _keep_failed(
        (not 0 <= row.weight < math.inf,
         f"{row.name!r} has the weight {row.weight}", "Use a number of 0 or more"),
        (any(place < 1 for place in (row.facet, row.fact) if place is not None),
         f"{row.name!r} has a place below 1", "Number the places of facets and facts from 1"),
        (row.qualifies is not None and row.qualifies not in catalogue.by_name,
         f"{row.name!r} qualifies an unknown row {row.qualifies!r}", "Use the name of a row"),
        (chosen and row.kind in ("text", "link"),
         f"{row.name!r} is a facet of kind {row.kind!r}",
         "Use the kind keyword, year, language, or country"),
        (chosen and row.role in ("title", "abstract"),
         f"{row.name!r} is a facet and the {row.role}", "Make another row the facet"),
        (row.role == "issued" and row.kind not in ("year", "date"),
         f"{row.name!r} has the role 'issued' and the kind {row.kind!r}",
         "Use the kind 'year' or 'date'"),
        (row.detects and row.role != "title",
         f"{row.name!r} detects languages, but is not the title",
         "Move `detects` to the row of the title"),
        (row.detects and not language_detection.is_installed(),
         f"{row.name!r} detects languages, but {language_detection.PACKAGE} is not installed",
         "Run: pip install '.[detection]', or remove `detects`"),
        (bool(row.values and {*row.restricted} - {*row.values}),
         f"{row.name!r} does not allow all of its restricted values",
         f"Use some of: {', '.join(row.values)}"),
        (MISSING in row.values,
         f"{row.name!r} allows the value {MISSING!r}",
         "Choose another: this one is reserved for a missing value"),
    )  # fmt: skip


def _parent_faults(row: Field, catalogue: Catalogue) -> list[tuple[str, str]]:
    parent = catalogue.by_name.get(row.parent or "")
    is_parent = parent and parent.facet and parent.several and not parent.parent
    return _keep_failed(
        (Path(row.grouping or "").name != (row.grouping or ""),
         f"{row.name!r} has the grouping {row.grouping!r}, which is not a file name",
         "Name a file in the folder of catalogue.toml"),
        ((row.parent is None) != (row.grouping is None),
         f"{row.name!r} needs both a parent and a grouping, or neither",
         "Add the missing one, or remove both"),
        (row.parent is not None and parent is None,
         f"{row.name!r} has an unknown parent {row.parent!r}", "Use the name of a row"),
        (parent is not None and not is_parent,
         f"{row.parent!r} can't be the parent of {row.name!r}",
         "Choose a facet with several = true and without a parent"),
    )  # fmt: skip


def _keep_failed(*checks: tuple[bool, str, str]) -> list[tuple[str, str]]:
    """Return the fault and the hint of each check that is true."""
    return [(message, hint) for has_failed, message, hint in checks if has_failed]


def _load_groups(file: Path, parent: Field) -> dict[str, tuple[str, ...]]:
    hint = 'Write one table, with rows such as "South Asia" = ["IN", "NP"]'
    table = read_toml(file, dict[str, dict[str, list[str]]], hint)
    groups: dict[str, tuple[str, ...]] = {}
    for name, children in [row for rows in table.values() for row in rows.items()]:
        if name == MISSING:
            raise CatalogueError(
                file, f"{name!r} is reserved for a missing value", "Choose another"
            )
        if parent.values and name not in parent.values:
            hint = f"Use a value that {CATALOGUE_FILE} allows: {', '.join(parent.values)}"
            raise CatalogueError(file, f"{name!r} is not a value of {parent.name!r}", hint)
        for child in children:
            groups[child] = tuple(dict.fromkeys((*groups.get(child, ()), name)))
    return groups
