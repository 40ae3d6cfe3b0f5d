"""Find the header of a table: the row with the names of the columns.

Titles, notes, and blank rows may precede it. A table may have no header, or two header rows, of
which the first names groups of columns. A row is a header if it has usual headings, or if it
differs from the rows below: it has names where they have numbers, dates, or links.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

Row = Sequence[str]
Spans = Mapping[tuple[int, int], int]
"""Widths of merged cells, by row and column."""

_WORDS = frozenset(
    """
    abstract address affiliation arxiv author authors barcode bibliography book callnumber category
    citation classification collection contributor contributors country creator date description
    dewey doi edition editor editors eissn format genre heading id identifier isbn issn issue item
    journal key keyword keywords label lang language languages link location material medium name
    no note notes number page pages pdf place pmid price publication publisher record ref reference
    region report section series shelf size source status subject subjects subtitle summary symbol
    tag tags title titles topic topics type uri url venue volume web website year years
    anneeedition annee auteur auteurs cote cle collection date editeur langue lieu mots motscles
    numero pays resume revue sujet sujets titre titres
    ano anos autor autora autores clave editorial fecha idioma lugar materia materias pais palabras
    paginas resumen revista tema temas tipo titulo titulos
    autorin autoren band beschreibung datum erscheinungsjahr erscheinungsort herausgeber heft jahr
    jahrgang nummer ort preis quelle reihe sachtitel schlagwort schlagworte schlagworter seiten
    signatur sprache stichwort thema titel untertitel verfasser verlag zeitschrift zusammenfassung
    assunto autores editora titolo autore anno editore lingua rivista titel auteur jaar uitgever
    автор авторы аннотация год дата журнал заглавие издательство ключевые название номер место
    страницы том тема тип язык ссылка
    标题 题名 书名 作者 年 年份 出版年 出版社 期刊 刊名 摘要 关键词 语言 语种 主题 类型 日期 卷 期
    页码
    標題 題名 書名 年份 期刊 關鍵詞 語言
    العنوان عنوان المؤلف المؤلفون السنة سنة الناشر اللغة الموضوع الملخص المجلة التاريخ النوع الرقم
    """.split()
)
"""Words of headings in the UN languages, German, Italian, Portuguese, and Dutch.

They are casefolded, without diacritics.
"""
_TAGS = frozenset("PT AU AF TI SO PY DE AB DI UT SN BN VL IS BP EP LA DT CA BE PU".split())
"""Column names of Web of Science."""
_MAX_HEADING_CHARS = 80
_MAX_HEADING_WORDS = 7
_CANDIDATES = 50
"""Rows at the start of a table that may be the header."""
_ROWS_BELOW = 50
"""Rows below a candidate with which it is compared."""
_MAX_HEADING_COLUMNS = 50
"""Limit on the columns of a merged heading without names below it."""
_DATA = re.compile(
    r"[\W\d_]*\d[\W\d_]*|https?://\S+|www\.\S+|(?:doi:? ?)?10\.\d{4,9}/\S+|\S+@\S+\.\S+"
    r"|(?:c|ca\.?|©|\[)? ?\d{4}[\]?]*|\d{4}-\d\d-\d\dT\S+",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_]+")


class Header(NamedTuple):
    """The header of a table.

    `headings`: one per column; "" if a column has none. `start`: the index of the first row below.
    `has_row`: the table has a header; otherwise all headings are empty. `is_known`: the row has
    usual headings, or names above data.
    """

    headings: tuple[str, ...]
    start: int
    has_row: bool
    is_known: bool


def find_header(rows: Sequence[Row], spans: Spans | None = None) -> Header:
    """Return the header of a table by its first rows.

    The cells have no white space around them. `spans` is None if merged cells are unknown.
    """
    filled = [sum(map(bool, row)) for row in rows]
    usual = sorted(filter(None, filled)) or [0]
    width = usual[-1 - len(usual) // 4]
    min_cells = max(1, min(2, width), (width + 1) // 2)
    candidates = [index for index, count in enumerate(filled) if count >= min_cells]
    with_words = {index for index in candidates[:_CANDIDATES] if has_heading_words(rows[index])}
    widest = 0
    for index in candidates[:_CANDIDATES]:
        is_note = 4 * filled[index] < 3 * width or rows[index][0].startswith("# ")
        if with_words and index not in with_words and is_note:
            continue
        below = [row for row in islice(rows, index + 1, None) if any(row)][:_ROWS_BELOW]
        has_words = index in with_words
        if has_words or (filled[index] > widest and _differs(rows[index], below, width)):
            is_known = has_words or _count_names(rows[index], below) > 0
            return _join_groups(rows, index, spans, is_known)
        widest = max(widest, filled[index])
    start = candidates[0] if candidates else len(rows)
    columns = max(map(len, rows[start:]), default=0)
    return Header(("",) * columns, start, has_row=False, is_known=False)


def count_heading_words(row: Row) -> int:
    """Return the number of usual headings in a row."""
    return sum(_is_usual_heading(cell) for cell in row if 0 < len(cell) <= _MAX_HEADING_CHARS)


def has_heading_words(row: Row) -> bool:
    """Return whether enough cells of a row are usual headings, and few cells are data."""
    cells = [*filter(None, row)]
    usual = count_heading_words(cells)
    data = sum(map(_is_data, cells))
    return 2 * data < len(cells) and (usual > min(2, len(cells) // 2) or 2 * usual > len(cells))


@lru_cache(maxsize=10_000)
def _is_usual_heading(cell: str) -> bool:
    if _is_data(cell):
        return False
    spread = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cell)
    decomposed = unicodedata.normalize("NFKD", spread.casefold())
    words = _NAME.findall("".join(c for c in decomposed if not unicodedata.combining(c)))
    words = [unicodedata.normalize("NFC", word) for word in words]
    usual = sum(word in _WORDS for word in words)
    return cell in _TAGS or (len(words) <= _MAX_HEADING_WORDS and 3 * usual >= max(1, len(words)))


def _is_data(cell: str) -> bool:
    return len(cell) > 2 * _MAX_HEADING_CHARS or _DATA.fullmatch(cell) is not None


def _differs(row: Row, below: Sequence[Row], width: int) -> bool:
    """Return whether a row without usual headings differs from the rows below, so is a header."""
    cells = [*filter(None, row)]
    data = sum(map(_is_data, cells))
    if not below or width < 2 or 5 * data > len(cells):
        return False
    is_long = any(len(cell.split()) > _MAX_HEADING_WORDS for cell in cells)
    if is_long and not _count_names(row, below):
        return False
    repeated = sum(
        any(column < len(other) and other[column] == cell for other in below)
        for column, cell in enumerate(row)
        if cell
    )
    return repeated == 0


def _count_names(row: Row, below: Sequence[Row]) -> int:
    """Return the number of columns with a name in the row, and mostly data below it."""
    names = 0
    for column, cell in enumerate(row):
        values = [other[column] for other in below if column < len(other) and other[column]]
        if cell and values and not _is_data(cell):
            names += 2 * sum(map(_is_data, values)) > len(values)
    return names


def _join_groups(rows: Sequence[Row], index: int, spans: Spans | None, is_known: bool) -> Header:
    """Return the header at a row, joined with a row above or below that names groups."""
    for upper in (index - 1, index):
        if 0 <= upper < len(rows) - 1:
            merged = {cell[1]: width for cell, width in (spans or {}).items() if cell[0] == upper}
            groups, names = _pad(rows[upper], rows[upper + 1])
            below = [row for row in islice(rows, upper + 2, None) if any(row)][:_ROWS_BELOW]
            if _names_groups(groups, names, merged, below):
                return Header(_join(groups, names, merged), upper + 2, True, is_known)
    headings = [*rows[index]]
    for (row, column), width in (spans or {}).items():
        if row == index and width <= _MAX_HEADING_COLUMNS:
            headings[column : column + width] = headings[column : column + 1] * width
    return Header(tuple(headings), index + 1, True, is_known)


def _names_groups(groups: Row, names: Row, merged: Mapping[int, int], below: Sequence[Row]) -> bool:
    """Return whether a row names groups of the columns that the next row names."""
    used = [column for column, group in enumerate(groups) if group]
    if not used or not any(names) or any(map(_is_data, (*groups, *names))):
        return False
    if wide := [column for column in used if merged.get(column, 1) > 1]:
        is_title = used == [0]
        is_data = any(names[c] for c in used if c not in wide) and not _are_names(names, below)
        return not (is_title or is_data) and all(all(names[c : c + merged[c]]) for c in wide)
    gaps = [column for column, group in enumerate(groups) if not group and column > min(used)]
    if len(used) < 2 or not any(names[column] for column in gaps):
        return False
    filled = [c for c in gaps if any(c < len(row) and row[c] for row in below)]
    is_wide = 2 * used[-1] >= len(names) - 1  # notes above a table are only in its left columns
    return is_wide and _are_names(names, below) and all(names[c] for c in filled)


def _are_names(row: Row, below: Sequence[Row]) -> bool:
    return has_heading_words(row) or _count_names(row, below) > 0


def _join(groups: Row, names: Row, merged: Mapping[int, int]) -> tuple[str, ...]:
    """Return headings such as "Group / Name" from two rows."""
    headings, group, end = [], "", 0
    for column, (own_group, name) in enumerate(zip(groups, names, strict=True)):
        if own_group:
            group, end = own_group, column + merged.get(column, 1) if merged else len(groups)
        is_grouped = column < end and name and name != group
        headings.append(f"{group} / {name}" if is_grouped else own_group or name)
    return tuple(headings)


def _pad(first: Row, second: Row) -> tuple[list[str], list[str]]:
    width = max(len(first), len(second))
    return [*first, *[""] * (width - len(first))], [*second, *[""] * (width - len(second))]
