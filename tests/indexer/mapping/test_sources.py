"""`sources.toml` is read back as it was written, and changes values in bounded time."""

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer import toml
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.safe_files import allow_outside
from indexer.mapping import sources, templates
from indexer.mapping.sources import MAX_CHARS, SOURCES_FILE, Attachments, Change, Source, Sources
from tests.conftest import ROOT
from tests.indexer.mapping.test_mapper import apply, make_mapper

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
    st.dictionaries(TEXTS, TEXTS, max_size=3),
)
@example([], {"d" + toml.MAX_NUMBER_CHARS * "9": ""}, {})
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
    comments = {("*.csv", name): 'guessed: "by" its values' for name in source.fields}
    text = sources.format_sources(listed, comments)
    assert text.count('  # guessed: "by" its values\n') == 2
    assert msgspec.convert(toml.parse(text), Sources) == listed


def test_sources_are_read_back(tmp_path: Path) -> None:
    listed = Sources((
        Source(
            file="a.csv", format="delimited", fields={"title": "x.y", "authors": ("a", "b")},
            split={"authors": "\n"}, day_first=("d",), languages={"x.y": "ar"},
            change={"authors": (Change(remove_suffix='"'), Change(replace=r"\s", by=r"\\"))},
            unused={'"': "3 filled: 'a' \"b\""},
        ),
        Source(file="b.ris", format="ris"),
    ), (Attachments("/srv/scans"),))  # fmt: skip
    allow_outside(tmp_path, ["/srv/scans"])
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


@pytest.mark.parametrize(("glob", "matching", "others"), [
    ("sub/**/b.csv", "sub/b.csv sub/x/b.csv sub/x/y/b.csv", "b.csv sub/xb.csv x/sub/b.csv"),
    ("**/b.csv", "b.csv x/b.csv x/y/b.csv", "xb.csv x/b.csv/c"),
    ("/data/**/r/*.csv", "/data/r/a.csv /data/x/r/a.csv /data/x/y/r/a.csv", "/data/a.csv /r/a.csv"),
    ("a/**/b/**/c.csv", "a/b/c.csv a/x/b/c.csv a/b/x/c.csv a/x/b/y/b/c.csv", "a/c.csv a/bx/c.csv"),
    ("a/**/b/**/*", "a/b/c a/x/b/c", "a/c a/x/c"),
    ("/data/**/*.csv", "/data/a.csv /data/x/a.csv", "/datax/a.csv"),
    ("r/*.csv", "r/a.csv r/x/a.csv", "a.csv"), ("/r/*.csv", "/r/a.csv", "/r/x/a.csv"),
    ("a**/b.csv", "ax/b.csv", "b.csv a.csv"),
])  # fmt: skip
def test_a_glob_matches_any_folders(glob: str, matching: str, others: str) -> None:
    """Between slashes, `**` stands for any number of folders, whatever the name after it is."""
    source = Source(file=glob, format="delimited")
    assert [file for file in matching.split() if not source.matches(file)] == []
    assert [file for file in others.split() if source.matches(file)] == []


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


EXAMPLES = re.findall(
    r"^\| `(\{ [^|]*? \})` \| `([^|`]*)` \| (?:`([^|`]*)`|nothing) \|$",
    (ROOT / "docs" / "import.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def read_change(text: str) -> Change:
    change = msgspec.convert(toml.parse(f"change = {text}")["change"], Change)
    assert not [*change.find_faults()]
    return change


def test_the_documents_have_an_example_of_each_change() -> None:
    keys = {key for change, _, _ in EXAMPLES for key in re.findall(r"(\w+) =", change)}
    assert keys == {*Change.__struct_fields__}


@pytest.mark.parametrize(("change", "before", "after"), EXAMPLES)
def test_the_examples_of_the_documents_are_true(change: str, before: str, after: str) -> None:
    assert read_change(change).apply(before) == after


def test_changes_apply_to_each_value_in_their_order() -> None:
    mapper = make_mapper(
        fields={"subjects": "KW"}, split={"subjects": ";"},
        change={"subjects": (
            Change(remove_prefix="$a"), Change(replace=r"\s*--\s*", by=" / "), Change(case="upper"),
        )},
    )  # fmt: skip
    assert apply(mapper, ("KW", "$aSalt--Roads; $a ;$aSea")) == {
        "subjects": ["SALT / ROADS", "SEA"]
    }


def test_changes_state_a_body() -> None:
    changes = (
        Change(remove_prefix="$a"), Change(replace=r":?\$b", by=" "),
        Change(replace="^.*$", by=r"{\0}"),
    )  # fmt: skip
    mapper = make_mapper(fields={"authors": "710"}, change={"authors": changes})
    assert apply(mapper, ("710", "$aSalt Isles.:$bChief Editor")) == {
        "authors": ["{Salt Isles. Chief Editor}"]
    }


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({}, "it has the keys "),
        ({"case": "upper", "extract": "a"}, "it has the keys extract, case"),
        ({"case": "upper", "by": "a"}, "it has the keys case"),
        ({"replace": "("}, "is not a pattern of RE2: missing )"),
        ({"extract": "(?=a)"}, "is not a pattern of RE2"),
        ({"extract": "(a{1000}){1000}"}, "is not a pattern of RE2"),
        ({"extract": "a" * 201}, "is too long"),
        ({"replace": "a", "by": r"\1"}, "names a group that 'a' lacks"),
    ],
)
def test_a_faulty_change_is_named(change: dict[str, str], what: str) -> None:
    """A change with too many keys, or a pattern that can't be used, is a fault."""
    faults = [message for message, _ in Change(**change).find_faults()]  # type: ignore[arg-type]
    assert any(what in message for message in faults)


@given(st.text(max_size=60), st.text(max_size=20), st.text("a.*+?()[]|\\1^$", max_size=12))
def test_any_valid_change_returns_a_text(text: str, by: str, pattern: str) -> None:
    for change in (Change(replace=pattern, by=by), Change(extract=pattern)):
        if not [*change.find_faults()]:
            assert isinstance(change.apply(text), str)


def test_a_long_text_is_not_matched() -> None:
    """Patterns leave a text that is too long as it is."""
    long = "a" * (MAX_CHARS + 1)
    assert Change(replace="a", by="b").apply(long) == long
    assert Change(extract="a").apply(long) == long
    assert Change(replace="a", by="b").apply("a" * 101) == "b" * 100 + "a"


def test_changes_may_not_multiply_a_record() -> None:
    changes = {"notes": (Change(replace="a", by="b" * 200),)}
    mapper = make_mapper(fields={"notes": "N"}, change=changes)
    found = apply(mapper, *[("N", "a" * 1000)] * 60)
    assert mapper.cut_fields == {"notes"}
    assert len(found["notes"]) == 47
