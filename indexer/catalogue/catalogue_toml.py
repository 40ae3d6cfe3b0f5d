"""Read, check and write `catalogue.toml`, and read its grouping file and its translations.

An invalid file raises CatalogueError with the place and a hint. Nothing is built from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from indexer import toml
from indexer.catalogue import appearance, catalogue_checks, safe_files, translations
from indexer.catalogue.fields import MISSING, Catalogue, CatalogueTexts, Field

CATALOGUE_FILE = "catalogue.toml"
MAX_TOML_BYTES = 4_000_000
"""Limit on a TOML file in bytes. Reading takes about 1 s per million bytes."""
_MAX_FAULTS = 20
"""Limit on the faults in one message."""

_Data = TypeVar("_Data")


class CatalogueError(Exception):
    """An unusable catalogue file: `message` is the fault, and `hint` says how to fix it."""

    def __init__(self, file: Path, message: str, hint: str) -> None:
        super().__init__(f"{file}: {message}. {hint}")
        self.file, self.message, self.hint = file, message, hint


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
    catalogue = read_toml(file, Catalogue, "See corpus/README.md for the keys of a row")
    raise_faults(file, catalogue_checks.find_faults(catalogue))
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
    raise_faults(file, translations.find_faults(language, texts, catalogue))
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
            f"{name} = {format_toml_value(value)}"
            for name, value in row.items()
            if name in ("name", "label") or value != _DEFAULTS[name]
        ]
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
        hint = f"Create {file.name} next to the pages. See the example in corpus/"
        raise CatalogueError(file, "the file does not exist", hint) from None
    except (OSError, ValueError) as error:  # ValueError: bad UTF-8 or TOML, or too long a number
        hint = "Make the file readable, and write valid TOML in UTF-8 with short keys"
        raise CatalogueError(file, str(error), hint) from error
    raise_faults(file, toml.find_faults(parsed, kind, hint))
    return msgspec.convert(parsed, kind)


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
