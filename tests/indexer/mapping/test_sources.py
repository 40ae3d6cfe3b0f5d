"""`sources.toml` is read back as it was written, and mistakes in it are named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.outside import allow
from indexer.mapping import sources, templates
from indexer.mapping.sources import SOURCES_FILE, Attachments, Change, Source, Sources

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from([
    'a "quoted" name', "dc.title[fr]", "two\nlines", "a.b.c", "😀", "[[source]]", "# no comment",
    "\x7f\x00", "", "'", "\\", "=", "ß ẞ", "a b", "{x}|y",
])  # fmt: skip


def load(folder: Path, text: str) -> Sources:
    """Return the sources of a folder whose `sources.toml` has this text."""
    (folder / SOURCES_FILE).write_text(text, encoding="utf-8")
    return sources.load(folder)


@given(
    st.lists(TEXTS, max_size=3),
    st.dictionaries(TEXTS, TEXTS, max_size=3),
    st.dictionaries(TEXTS, TEXTS.filter(bool), max_size=3),
)
def test_any_columns_are_read_back(
    columns: list[str], unused: dict[str, str], split: dict[str, str]
) -> None:
    """Column names with any characters are read back unchanged, even next to comments."""
    source = Source(
        file="*.csv",
        format="delimited",
        fields={"title": "a", "authors": tuple(map(templates.escape, columns))},
        split=split,
        day_first=tuple(columns),
        unused=unused,
    )
    listed = Sources((source, Source(file="b.ris", format="ris")))
    text = sources.format_sources(listed, {("*.csv", "title"): 'guessed: "by" its values'})
    assert 'title = "a"  # guessed: "by" its values\n' in text
    assert tomllib.loads(text)["source"][0]["fields"]["authors"] == [
        templates.escape(column) for column in columns
    ]


def test_sources_are_read_back(tmp_path: Path) -> None:
    """Sources that were written are read back equal."""
    listed = Sources((
        Source(
            file="a.csv", format="delimited", fields={"title": "x.y", "authors": ("a", "b")},
            split={"authors": "\n"}, day_first=("d",), languages={"x.y": "ar"},
            change={"authors": (Change(remove_suffix='"'), Change(replace=r"\s", by=r"\\"))},
            unused={'"': "3 filled: 'a' \"b\""},
        ),
        Source(file="b.ris", format="ris"),
    ), (Attachments("/srv/scans"),))  # fmt: skip
    allow(tmp_path, ["/srv/scans"])
    assert load(tmp_path, sources.format_sources(listed, {})) == listed
    (tmp_path / SOURCES_FILE).unlink()
    assert sources.load(tmp_path) == Sources()


VALID = '[[source]]\nfile = "a.csv"\nformat = "delimited"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[source]", "sources.toml: "),
        ('[[source]]\nfile = "a.csv"\n', "missing required field `format`"),
        (VALID + 'titel = "x"\n', "unknown field `titel`"),
        (VALID + "[source.fields]\ntitle = 3\n", "Expected `str | array`, got `int`"),
        (VALID + '[source.fields]\ntitle = ["a", 3]\n', "Expected `str`, got `int`"),
        (VALID + '[source.split]\nauthors = [";"]\n', "Expected `str`, got `array`"),
        (VALID + 'day_first = "Date"\n', "Expected `array`, got `str`"),
        ('[source]\nfile = "a.csv"\n', "Expected `array`, got `object`"),
        (VALID + '[source.split]\nauthors = ""\n', "the separator of 'authors' is empty"),
        (VALID + '[source.change]\nid = [{ case = "low" }]\n', "Use one of: upper, lower, title,"),
        (VALID + '[source.change]\nid = [{ extract = "(" }]\n', "change 1 of 'id' in 'a.csv': '('"),
        (
            VALID + "[source.change]\nid = [" + "{ case = 'upper' }," * 51 + "]\n",
            "it has 51 changes",
        ),
        (VALID + VALID, "two sources have the file 'a.csv'"),
        ('[[source]]\nfile = ""\nformat = "ris"\n', "'' is not a file name"),
        ('[[attachments]]\npath = "scans"\n', "'scans' are not outside the corpus folder"),
        ('[[source]]\nfile = "a\\u0000"\nformat = "ris"\n', "is not a file name"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    """A mistake in `sources.toml` raises a CatalogueError that names it."""
    with pytest.raises(CatalogueError) as caught:
        load(tmp_path, text)
    assert message in str(caught.value)
    assert SOURCES_FILE in str(caught.value)


def test_a_file_name_takes_precedence_over_a_glob() -> None:
    """A source that names a file applies to it, even after a source with a matching glob."""
    listed = Sources((
        Source(file="*.csv", format="one"), Source(file="a1.csv", format="two"),
        Source(file="sub/*.csv", format="three"), Source(file="a[1].csv", format="four"),
    ))  # fmt: skip
    found = {
        file: source.format
        for file in ("a1.csv", "b.csv", "sub/b.csv", "a[1].csv", "b.ris")
        if (source := listed.find(file))
    }
    assert found == {"a1.csv": "two", "b.csv": "one", "sub/b.csv": "one", "a[1].csv": "four"}
