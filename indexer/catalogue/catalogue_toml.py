"""Read, check and write `catalogue.toml`, and read its grouping file and its translations.

An invalid file raises CatalogueError with the place and a hint. Nothing is built from it.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path, PurePath
from typing import TypeVar

import msgspec

from indexer import toml
from indexer.analysis import language_detection
from indexer.catalogue import safe_files, translations
from indexer.catalogue.fields import MISSING, Catalogue, CatalogueTexts, Faults, Field
from indexer.errors import HintedError, describe_installation
from indexer.values import identifiers, iso_codes

RESERVED_NAMES = frozenset(
    "q match exact page size sort fold facet id lang score url title_html summary_html source "
    "edition_count other_editions other_sources similar files explain explanation "
    "semantic inside json query all any everything record index help hit cite find "
    "record_added record_changed".split()
)
"""Names that URL parameters and the API use for something other than fields."""
_OWN_ROLES = {"title": "title", "summary": "abstract"}
"""Names of fields that only fields of one role may have, because the API uses them for that."""

PAPERS: Mapping[str, str] = {"light": "#FAF9F6", "dark": "#14191D"}
"""The color of the page in each mode, as in style.css."""
MIN_CONTRAST = 4.5
"""Minimum contrast of text that WCAG asks for at level AA."""
LOGO_TYPES: Mapping[str, str] = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
}
"""Media types of logos by the end of the file name."""
MAX_LOGO_BYTES = 100_000
"""Limit on a logo. Each page loads it, and it is part of the description of the index."""
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


def find_faults(catalogue: Catalogue) -> list[tuple[str, str]]:
    faults = [*_find_shared_faults(catalogue)]
    for field in catalogue.fields:
        faults += _find_name_faults(field, catalogue)
        faults += _find_value_faults(field, catalogue)
        faults += _find_parent_faults(field, catalogue)
        faults += translations.find_field_faults(field, catalogue)
    return [
        *faults,
        *_find_appearance_faults(catalogue),
        *_find_fulltext_faults(catalogue),
        *_find_type_faults(catalogue),
    ]


def _find_shared_faults(catalogue: Catalogue) -> Faults:
    """Yield the faults of the head, and those that several fields have together."""
    fields = catalogue.fields
    used = [name for field in fields for name in {field.name, *field.names}]
    for name in sorted({name for name in used if used.count(name) > 1}):
        yield f"two fields have the name {name!r}", "Give each field unique names"
    if not iso_codes.has_names(catalogue.language):
        message = f"the language {catalogue.language!r} is unknown"
        yield message, "Write a code such as en or pt-BR"
    if not re.fullmatch(r"([a-z0-9-]+\.)*[a-z0-9-]*", catalogue.publisher_site):
        message = f"the publisher_site {catalogue.publisher_site!r} is not a host name"
        yield message, "Write a name such as example.org"
    is_email = re.fullmatch(r"[^\s@:/?&]+@[^\s@:/?&]+", catalogue.contact)
    if catalogue.contact and not (is_email or identifiers.is_web_url(catalogue.contact)):
        message = f"the contact {catalogue.contact!r} is no email address and no URL"
        yield message, "Write one such as errors@example.org or https://example.org/contact"
    titles = [field for field in fields if field.role == "title"]
    if len(titles) != 1:
        found = f", not {_list_names(titles)}" if titles else ""
        yield f"exactly one field must have role = 'title'{found}", "Add one, or keep only one"
    if not catalogue.searchable:
        message = "no field except the full text has a weight, so no words would be searched"
        yield message, "Add weight = 2.5 to the title"
    abstracts = [field for field in fields if field.role == "abstract"]
    if len(abstracts) > 1:
        yield f"{_list_names(abstracts)} have the role 'abstract'", "Keep one of them"
    for kind in ("year", "date"):
        dates = [field for field in fields if field.role == "issued" and field.kind == kind]
        if len(dates) > 1:
            message = f"{_list_names(dates)} of the kind {kind!r} have the role 'issued'"
            yield message, "Keep this role in one of them"
    by_place: defaultdict[int, list[Field]] = defaultdict(list)
    for field in catalogue.facets:
        if field.facet is not True:
            by_place[field.facet or 0].append(field)
    for place, facets in by_place.items():
        if len(facets) > 1:
            hint = "Give each its own number, or write facet = true to keep the order of the file"
            yield f"the facets {_list_names(facets)} have the same place, {place}", hint
    children = [field for field in fields if field.parent is not None]
    if len(children) > 1:
        hint = "Keep one of them: a catalogue has at most one tree"
        yield f"{_list_names(children)} have a parent", hint
    has_map = any(field.kind == "country" for field in children if field.parent)
    if catalogue.map_notice and not has_map:
        hint = "Remove it, or give a field of the kind country a parent"
        yield "the map_notice needs a map, which no field makes", hint


def _list_names(fields: Iterable[Field]) -> str:
    return " and ".join(repr(field.name) for field in fields)


def _find_name_faults(field: Field, catalogue: Catalogue) -> Faults:
    years = [each.name for each in catalogue.fields if each.kind == "year"]
    taken = RESERVED_NAMES | {f"{name}_{end}" for name in years for end in ("from", "to")}
    if not re.fullmatch(r"[a-z][a-z0-9_]*", field.name):
        hint = "Use lower-case letters, digits, and _, and start with a letter"
        yield f"the field name {field.name!r} can't be used", hint
    if field.name in taken or _OWN_ROLES.get(field.name, field.role) != field.role:
        message = f"the field name {field.name!r} is taken by a URL parameter or the API"
        names = ", ".join(sorted(RESERVED_NAMES))
        yield message, f"Choose another name. These are taken: {names}"
    if any(not re.fullmatch(r"\S+", name) for name in field.names):
        message = f"{field.name!r} has an empty name or a name with a space"
        yield message, "Write each name as one word, as in a page"


def _find_value_faults(field: Field, catalogue: Catalogue) -> Faults:
    if not 0 <= field.weight < math.inf:
        yield f"{field.name!r} has the weight {field.weight}", "Use a number of 0 or more"
    if any(place < 1 for place in (field.facet, field.fact) if place is not None):
        hint = "Number the places of facets and facts from 1"
        yield f"{field.name!r} has a place below 1", hint
    if field.qualifies is not None and field.qualifies not in catalogue.by_name:
        message = f"{field.name!r} qualifies an unknown field {field.qualifies!r}"
        yield message, "Use the name of a field"
    is_chosen = bool(field.facet) or field.parent is not None
    if is_chosen and field.kind in ("text", "link"):
        hint = "Use the kind keyword, year, language, or country"
        yield f"{field.name!r} is a facet of kind {field.kind!r}", hint
    if is_chosen and field.role in ("title", "abstract"):
        yield f"{field.name!r} is a facet and the {field.role}", "Make another field the facet"
    if field.role == "issued" and field.kind not in ("year", "date"):
        message = f"{field.name!r} has the role 'issued' and the kind {field.kind!r}"
        yield message, "Use the kind 'year' or 'date'"
    if field.detects and field.role != "title":
        hint = "Move `detects` to the field of the title"
        yield f"{field.name!r} detects languages, but is not the title", hint
    if field.detects and not language_detection.is_installed():
        package = language_detection.PACKAGE
        message = f"{field.name!r} detects languages, but {package} is not installed"
        yield message, f"{describe_installation('detection')}, or remove `detects`"
    if field.values and {*field.restricted} - {*field.values}:
        message = f"{field.name!r} does not allow all of its restricted values"
        yield message, f"Use some of: {', '.join(field.values)}"
    if MISSING in field.values:
        hint = "Choose another: this one is reserved for a missing value"
        yield f"{field.name!r} allows the value {MISSING!r}", hint


def _find_parent_faults(field: Field, catalogue: Catalogue) -> Faults:
    if Path(field.grouping or "").name != (field.grouping or ""):
        message = f"{field.name!r} has the grouping {field.grouping!r}, which is not a file name"
        yield message, "Name a file in the folder of catalogue.toml"
    if (field.parent is None) != (field.grouping is None):
        message = f"{field.name!r} needs both a parent and a grouping, or neither"
        yield message, "Add the missing one, or remove both"
    if field.parent is None:
        return
    parent = catalogue.by_name.get(field.parent)
    if parent is None:
        yield f"{field.name!r} has an unknown parent {field.parent!r}", "Use the name of a field"
    elif not (parent.facet and parent.several and not parent.parent):
        hint = "Choose a facet with several = true and without a parent"
        yield f"{field.parent!r} can't be the parent of {field.name!r}", hint


def _find_appearance_faults(catalogue: Catalogue) -> Faults:
    """Yield the faults of the colors of links, and of the logo."""
    accent, logo = catalogue.accent, catalogue.logo
    if accent and (len(accent) != len(PAPERS) or not all(map(_COLOR.fullmatch, accent))):
        hint = 'Write a color for light pages and one for dark ones: ["#1B5A78", "#8FC7E0"]'
        yield f"the accent {list(accent)!r} is not a pair of colors", hint
    elif accent:
        for color, (mode, paper) in zip(accent, PAPERS.items(), strict=True):
            contrast = compute_contrast(color, paper)
            better = "darker" if mode == "light" else "lighter"
            if contrast < MIN_CONTRAST:
                message = f"the accent {color} has a contrast of {contrast:.1f} on {mode} pages"
                hint = f"Choose a {better} color: it needs a contrast of {MIN_CONTRAST} to {paper}"
                yield message, hint
    if logo and (PurePath(logo).name != logo or PurePath(logo).suffix not in LOGO_TYPES):
        hint = f"Name a file in the folder of catalogue.toml that ends in {', '.join(LOGO_TYPES)}"
        yield f"the logo {logo!r} is not the name of an image", hint


def compute_contrast(color: str, other: str) -> float:
    """Return the contrast ratio of two colors such as `#1B5A78`, from 1 to 21.

    It is that of WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio.
    """
    dark, light = sorted((_compute_luminance(color), _compute_luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _compute_luminance(color: str) -> float:
    """Return the relative luminance of a color, from 0 for black to 1 for white."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _find_fulltext_faults(catalogue: Catalogue) -> Faults:
    """Yield the faults of the field of full texts. It has no values, so most keys mean nothing."""
    fields = [field for field in catalogue.fields if field.kind == "fulltext"]
    if len(fields) > 1:
        yield f"{_list_names(fields)} have the kind 'fulltext'", "Keep one of them"
    if catalogue.files and not fields:
        message = "the files of publications are served, but their full text is not searched"
        yield message, "Add a field of the kind 'fulltext', or remove `files`"
    for field in fields:
        if not 0 < field.weight <= 1:
            hint = "Use a weight above 0 and at most 1, such as 0.3: a full text has many words"
            yield f"{field.name!r} has the weight {field.weight}", hint
        if field != Field(
            field.name, field.label, field.kind, weight=field.weight, names=field.names
        ):
            message = (
                f"{field.name!r} has the kind 'fulltext', but is used like a field with values"
            )
            yield message, "Keep only its name, label, kind, names, and weight"


def _find_type_faults(catalogue: Catalogue) -> Faults:
    """Yield the faults of rules that name unknown fields, or values that a field does not allow."""
    allowed = {field.name: field.values for field in catalogue.valued}
    for rule in catalogue.types:
        conditions = ((field, value) for field, values in rule.where.items() for value in values)
        for name, value in conditions:
            if name not in allowed:
                message = f"the type {rule.csl!r} has a condition on an unknown field {name!r}"
                yield message, "Use the name of a field other than the title and the abstract"
            elif allowed[name] and value not in allowed[name]:
                message = f"the type {rule.csl!r} has the value {value!r}"
                hint = f"Use one of: {', '.join(allowed[name])}"
                yield f"{message}, which {name!r} does not allow", hint


CATALOGUE_FILE = "catalogue.toml"
MAX_TOML_BYTES = 4_000_000
"""Limit on a TOML file in bytes. Reading takes about 1 s per million bytes."""
_MAX_FAULTS = 20
"""Limit on the faults in one message."""

_Data = TypeVar("_Data")


class CatalogueError(HintedError):
    """An unusable catalogue file."""

    def __init__(self, file: Path, message: str, hint: str) -> None:
        super().__init__(f"{file}: {message}", hint)
        self.file, self.message = file, message


def raise_faults(file: Path, faults: Iterable[tuple[str, str]]) -> None:
    """Raise CatalogueError with all faults and their hints, if there are any."""
    first = [*islice(faults, _MAX_FAULTS)]
    if first:
        *others, (message, hint) = first
        message = "".join(f"{each}. {its_hint}\n{file}: " for each, its_hint in others) + message
        raise CatalogueError(file, message, hint)


def load(folder: Path) -> Catalogue:
    """Return the catalogue of a corpus folder.

    Raise CatalogueError if `catalogue.toml` or its grouping file is missing or invalid, or if a
    translation is invalid.
    """
    file = folder / CATALOGUE_FILE
    if not folder.is_dir() or not any(folder.iterdir()):
        hint = (
            f"To make a catalogue of a file, run: pubsearch import FILE --into {folder}. To look "
            "at one, run: pubsearch open FILE. For a catalogue in another folder, use --corpus"
        )
        raise CatalogueError(file, "the file does not exist", hint)
    catalogue = read_toml(file, Catalogue, "See corpus/README.md for the keys of a field")
    raise_faults(file, find_faults(catalogue))
    for field in catalogue.fields:
        if field.grouping:
            groups = _load_groups(folder / field.grouping, catalogue.by_name[str(field.parent)])
            catalogue = msgspec.structs.replace(catalogue, groups=groups)
    if catalogue.logo:
        image = _read_logo(folder / catalogue.logo)
        catalogue = msgspec.structs.replace(catalogue, logo_image=image)
    hint = "See corpus/README.md for the keys of a translation"
    by_language: dict[str, CatalogueTexts] = {}
    for file in sorted(folder.glob("catalogue.*.toml")):
        language = file.stem.partition(".")[2]
        by_language[language] = texts = read_toml(file, CatalogueTexts, hint)
        raise_faults(file, translations.find_faults(language, texts, catalogue))
    return msgspec.structs.replace(catalogue, translations=by_language)


def _read_logo(file: Path) -> bytes:
    hint = f"Use an image of at most {MAX_LOGO_BYTES:,} bytes in this folder"
    if safe_files.leaves_folder(file, file.parent):
        raise CatalogueError(file, "it is a link out of the corpus folder", hint)
    try:
        image = safe_files.read_file(file, MAX_LOGO_BYTES + 1)
    except OSError as error:
        raise CatalogueError(file, f"the logo cannot be read: {error.strerror}", hint) from error
    if len(image) > MAX_LOGO_BYTES:
        raise CatalogueError(file, "the logo is too large", hint)
    return image


def format_toml(catalogue: Catalogue) -> str:
    """Return a catalogue as TOML for `load`, without grouping, logo, and translations."""
    table = msgspec.to_builtins(catalogue)
    fields, rules = table.pop("field"), table.pop("type")
    lines = [
        f"{name} = {format_toml_value(value)}"
        for name, value in table.items()
        if name not in ("groups", "logo_image", "translations")
    ]
    for field in fields:
        lines += ["", "[[field]]"]
        lines += [
            f"{name} = {format_toml_value(value)}"
            for name, value in field.items()
            if name in ("name", "label") or value != _DEFAULTS[name]
        ]
    for rule in rules:
        lines += ["", "[[type]]", f"csl = {format_toml_value(rule['csl'])}"]
        conditions = rule["where"].items()
        lines += [f"where.{name} = {format_toml_value(values)}" for name, values in conditions]
    return "\n".join([*lines, ""])


def format_toml_value(value: object) -> str:
    """Encode a string, number, boolean or list, which TOML writes as JSON does, except DEL."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


_DEFAULTS = msgspec.to_builtins(Field("", ""))


def read_toml(file: Path, kind: type[_Data], hint: str) -> _Data:
    """Return the data of a TOML file as a type.

    Raise CatalogueError if the file is unreadable or too large. Raise it with all faults if the
    data does not have that type. Each lists what is allowed, or has `hint`.
    """
    if safe_files.leaves_folder(file, file.parent):
        raise CatalogueError(file, "it is a link out of the corpus folder", "Copy its target here")
    try:
        data = safe_files.read_file(file, MAX_TOML_BYTES + 1)
        if len(data) > MAX_TOML_BYTES:
            message = f"it has more than {MAX_TOML_BYTES} bytes"
            raise CatalogueError(file, message, "Move publications to pages or JSON Lines files")
        parsed = toml.parse(data.decode("utf-8"))
    except FileNotFoundError:
        hint = f"Create {file.name} in this folder. docs/catalogue.md describes its files"
        raise CatalogueError(file, "the file does not exist", hint) from None
    except (OSError, ValueError) as error:  # ValueError: bad UTF-8 or TOML, or too long a number
        hint = "Make the file readable, and write valid TOML in UTF-8 with short keys"
        raise CatalogueError(file, str(error), hint) from error
    raise_faults(file, toml.find_faults(parsed, kind, hint))
    return msgspec.convert(parsed, kind)


def _load_groups(file: Path, parent: Field) -> dict[str, tuple[str, ...]]:
    hint = 'Write one table, with lines such as "South Asia" = ["IN", "NP"]'
    table = read_toml(file, dict[str, dict[str, list[str]]], hint)
    groups: dict[str, tuple[str, ...]] = {}
    for name, children in [line for lines in table.values() for line in lines.items()]:
        if name == MISSING:
            message = f"{name!r} is reserved for a missing value"
            raise CatalogueError(file, message, "Choose another")
        if parent.values and name not in parent.values:
            hint = f"Use a value that {CATALOGUE_FILE} allows: {', '.join(parent.values)}"
            raise CatalogueError(file, f"{name!r} is not a value of {parent.name!r}", hint)
        for child in children:
            groups[child] = tuple(dict.fromkeys((*groups.get(child, ()), name)))
    return groups
