"""BibTeX and BibLaTeX are read with macros, parents, LaTeX, and mistakes."""

from __future__ import annotations

import pytest

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.readers.formats import bibtex
from tests.cpu_time import limit_cpu_time
from tests.indexer.readers.streams import (
    list_columns,
    map_rows,
    read,
    read_columns,
    recognize,
)

ENTRY = """@article{moss99,
  author = {Moss, Ada and Lind, Bo},
  title = {Rivers},
  year = 1999
}
"""
COLUMNS = [
    ("entry type", "article"), ("key", "moss99"), ("author", "Moss, Ada"), ("author", "Lind, Bo"),
    ("title", "Rivers"), ("year", "1999"),
]  # fmt: skip
PARENTS = """@string{pub = "Fjord Press"}
@inproceedings{child, title = {Salt}, crossref = {Parent}, year = 2000}
@article{other, title = {Alone}, xdata = {shared}}
@proceedings{parent, title = {Proceedings}, year = 1999, publisher = pub, doi = {10.1000/p}}
@xdata{shared, journal = {Water}}
"""


@pytest.mark.parametrize("filename", ["refs.bib", "refs.txt", "refs", "refs.csv", "refs.ris"])
@pytest.mark.parametrize(
    "text",
    [
        ENTRY,
        "% Encoding: UTF-8\n\n" + ENTRY,
        "This file was written by a program.\n\n" + ENTRY,
        "@comment{x}\n" + ENTRY,
        '@string{a = "b"}\n@preamble{"x"}\n' + ENTRY,
        ENTRY.replace("{moss99,", " { moss99 ,"),
        ENTRY.replace("moss99", ""),
        ENTRY.replace("\n", "\r\n"),
        ENTRY.replace("\n", "\r"),
        ENTRY.replace("\n", " "),
        "@ARTICLE(moss99, title = {A})",
    ],
)
def test_bibtex_is_recognized_by_its_first_entry(text: str, filename: str) -> None:
    """A file with an entry is recognized, whatever its name and its first lines are."""
    assert recognize(text, filename) == "bibtex"


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (ENTRY, 90),
        ("Notes\n" + ENTRY, 80),
        ("# Title\n\n```bibtex\n" + ENTRY, 30),
        ("<html><pre>\n" + ENTRY, 30),
        ("@media print { a { color: red } }", None),
        ("person@example.org {", None),
    ],
)
def test_a_quoted_entry_is_weak_evidence(text: str, score: int | None) -> None:
    """An entry inside another format has a low score."""
    evidence = bibtex.detect("a", text.encode())
    assert (evidence and evidence.score) == score


@pytest.mark.parametrize(
    "text",
    [
        ENTRY,
        ENTRY.replace("\n", "\r\n"),
        ENTRY.replace("\n", " "),
        ENTRY.replace("{Rivers}", '"Rivers"').replace("1999\n", "{1999},\n"),
        ENTRY.replace("@article{", "@Article ( ").replace("1999\n}", "1999\n)"),
        ENTRY.replace("@article{", "@article\n{"),
        ENTRY.replace("title", "TITLE").replace("},\n", "} ,\n,"),
        ENTRY.replace("and", "and\n   ").replace(" = ", "="),
        ENTRY.replace("},\n  title", "}\n  title"),
        ENTRY.replace("Bo}", "Bo and others}"),
        "\ufeff" + ENTRY,
        ENTRY.replace("},\n  title", "}, % two\n  % note = {a},\n  title"),
        "@comment{@book{hidden, title = {X}}}\n" + ENTRY + "% @book{hidden,\n",
    ],
)
def test_notations_give_the_same_columns(text: str) -> None:
    """Braces, quotes, parentheses, case, commas, and newlines do not change the columns."""
    assert read_columns(bibtex, text) == [COLUMNS]


def test_keys_may_repeat_or_be_missing() -> None:
    """Entries are kept if their key is repeated, missing, or has spaces."""
    text = (
        "@misc{a, title={1}}\n@misc{a, title={2}} @misc{title={3}}\n@misc{,title={4}}\n"
        "@misc{b c, title={5}}"
    )
    assert [dict(entry).get("key") for entry in read_columns(bibtex, text)] == [
        "a", "a", None, None, "b c"
    ]  # fmt: skip
    assert [record.line for record in read(bibtex, text)] == [1, 2, 2, 3, 4]


def test_macros_are_expanded_and_parts_joined() -> None:
    """Macros and months are expanded, in any case. An unknown macro becomes its name."""
    text = (
        '@STRING{Pub = {Fjord }}\n@string{all = pub # "Press"}\n'
        '@book{b, publisher = ALL, month = mar # "~" # 5, note = unknown, edition = 2}'
    )
    assert read_columns(bibtex, text) == [
        [
            ("entry type", "book"), ("key", "b"), ("publisher", "Fjord Press"),
            ("month", "March 5"), ("note", "unknown"), ("edition", "2"),
        ]
    ]  # fmt: skip


def test_children_inherit_from_parents_after_them() -> None:
    """A child inherits missing fields from its parents. `@xdata` is not a record."""
    child, other, parent = read_columns(bibtex, PARENTS)
    assert child == [
        ("entry type", "inproceedings"), ("key", "child"), ("title", "Salt"),
        ("crossref", "Parent"), ("year", "2000"), ("booktitle", "Proceedings"),
        ("publisher", "Fjord Press"),
    ]  # fmt: skip
    assert other[-1] == ("journal", "Water")
    assert parent[1] == ("key", "parent")


def test_circular_and_missing_parents_are_harmless() -> None:
    """Entries may be parents of each other. A missing parent is reported."""
    text = "@book{a, crossref = {b}, title={A}}\n@book{b, crossref = {a}, year = 1, note={x}}\n"
    assert len(read_columns(bibtex, text)) == 2
    problem, record = read(bibtex, "\n@book{a, crossref = {gone}, title={A}}")
    assert isinstance(problem, Problem)
    assert (problem.line, "'gone'" in problem.what) == (2, True)
    assert ("title", "A") in list_columns(record)


@pytest.mark.parametrize(
    ("text", "fields", "line", "what"),
    [
        ("title = {A},\n  year = {1,\n note = {n}\n}\n", ["title", "year"], 1, "no closing brace"),
        ("title = {A},\n  year = {1\n", ["title"], 1, "'year' has no closing brace"),
        ('title = {A},\n  year = "1,\n note = {n}\n}\n', ["title"], 4, "'year' has a mistake"),
        ("title = {A},\n  year = {1}\n", ["title", "year"], 1, "the entry has no closing"),
        ("title = {A}},\n  year = {1}\n}\n", ["title"], 1, "before the field 'year'"),
        ("title = {A},\n  nonsense\n year = {1}\n}\n", ["title"], 3, "'nonsense' has a mistake"),
        ("title = {A},\n  year = ,\n note = {n}\n}\n", ["title"], 2, "'year' has a mistake"),
    ],
)
def test_a_mistake_costs_the_rest_of_an_entry_only(
    text: str, fields: list[str], line: int, what: str
) -> None:
    """The fields before a mistake are kept, the rest is reported, and the next entry is read."""
    broken, problem, intact = read(bibtex, f"@misc{{a, {text}{ENTRY}")
    assert [name for name, _ in list_columns(broken)] == ["entry type", "key", *fields]
    assert isinstance(problem, Problem)
    assert (problem.line, problem.entry, what in problem.what) == (line, "a", True)
    assert list_columns(intact) == COLUMNS


def test_other_encodings_are_read() -> None:
    """Entries in UTF-16 and windows-1252 are read, and a bad byte of UTF-8 is reported."""
    for encoding in ("utf-16", "cp1252"):
        [columns] = read_columns(bibtex, "@misc{a, title = {Öl}}".encode(encoding))
        assert columns[2] == ("title", "Öl")
    problem, record = read(bibtex, b"@misc{a, title = {\xc3\x96l \xd6}}")
    assert isinstance(problem, Problem)
    assert list_columns(record)[2] == ("title", "Öl \ufffd")


def test_the_default_mapping_fills_the_rows() -> None:
    """The default mapping fills rows from BibTeX and from BibLaTeX."""
    classic = "@book{k, title={A}, author={Moss, Ada}, year=1999, month=mar, address={Oslo}}"
    modern = "@book{k, title={A}, author={Moss, Ada}, date={1999-03}, location={Oslo}}"
    for text in (classic, modern):
        assert map_rows(bibtex, text) == {
            "id": ["k"], "title": ["A"], "authors": ["Moss, Ada"], "year": ["1999"],
            "date": ["1999-03"], "place": ["Oslo"], "type": ["Book"],
        }  # fmt: skip


def test_a_director_is_a_contributor() -> None:
    """A director, which our exports write, is a contributor, because no row is for directors."""
    rows = map_rows(bibtex, "@video{k, title={A}, director={Moss, Ada}}")
    assert rows["contributors"] == ["Moss, Ada"]


@pytest.mark.parametrize("abstract", ["x" * 400, "x\n" * 200])
def test_a_large_entry_is_reported_and_the_others_are_read(abstract: str) -> None:
    """An entry over the limit is a problem with its line, in one line or many."""
    text = f"{ENTRY}{ENTRY}@misc{{big, abstract = {{{abstract}}}}}\n{ENTRY}"
    pieces = read(bibtex, text, Limits(largest_line=300))
    [problem] = [piece for piece in pieces if isinstance(piece, Problem)]
    assert (problem.line, "more than 300 bytes" in problem.what) == (11, True)
    pieces.remove(problem)
    assert [list_columns(piece) for piece in pieces] == [COLUMNS] * 3


HOSTILE = {
    "open braces": "@misc{a, title = " + "{" * 50_000,
    "open values": "@misc{a, " + "\n x = {" * 20_000,
    "quotes": '@misc{a, title = "' + '{"' * 20_000,
    "commands": "@misc{a, title = {" + "\\a\\" * 20_000 + "}}",
    "dollars": "@misc{a, title = {" + "$x^" * 20_000 + "}}",
    "spaces": "@misc{a, x" + " " * 60_000 + "y = {" + " " * 60_000 + "and" + " " * 60_000 + "}}",
    "newlines": "@misc{a, crossref" + "\n" * 60_000 + "= " + "\n" * 60_000 + "{}}",
    "names": "@misc{a, author = {" + "{a} and " * 20_000 + "}}",
    "no key": "@misc{a" + " " * 60_000 + "b" + "}",
    "at signs": "@" * 60_000,
    "macros of macros": "@string{m0 = {salt}}"
    + "".join(f"@string{{m{n + 1} = m{n} # m{n}}}" for n in range(60))
    + "@misc{a, title = m60}",
    "a macro many times": "@string{m = {" + "salt" * 9_000 + "}}"
    "@misc{a, title = " + "m # " * 30_000 + " m}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.slow
def test_hostile_text_is_read_within_seconds(text: str) -> None:
    """Deep nesting, long runs of one character, and macros of macros take at most 20 s."""
    with limit_cpu_time(20):
        bibtex.detect("a", text.encode())
        read(bibtex, text)
