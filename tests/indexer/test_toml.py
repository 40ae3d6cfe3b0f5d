"""Reading TOML takes bounded memory, whatever its keys."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer import toml
from tests.memory import limit_memory

QUOTES = {
    "a basic string": 'a = "{}"', "a long string": 'a = """{}"""', "a literal": "a = '{}'",
    "a long literal": "a = '''{}'''", "a quoted key": '"{}" = 1', "a comment": "a = 1 # {}",
    "a table": '["{}"]', "a quote at the end": 'a = """{}""""', "a literal key": "'{}'.a = 1",
}  # fmt: skip
COSTLY = {
    "a key": "a" + ".a" * 25_000 + " = 1",
    "a key of quoted parts": '"a"' + ' . "a"' * 25_000 + " = 1",
    "a key of literals": "'a'" + ".'a'" * 25_000 + " = 1",
    "many keys of many parts": "\n".join(f"{n}{'.a' * 90} = 1" for n in range(20_000)),
    "a table": "[a" + ".a" * 25_000 + "]",
    "a table in a list": "[[a" + ".a" * 25_000 + "]]",
    "a key in a table in a line": "a = {a" + ".a" * 25_000 + " = 1}",
    "a key after a string with quotes": 'b = """a""""\na' + ".a" * 25_000 + " = 1",
    "many keys": "\n".join(f"{n:x} = []" for n in range(300_000)),
    "many tables": "\n".join(f" [{n:x}]" for n in range(300_000)),
    "many tables in a line": f"a = {{{','.join(f'{n:x}={{}}' for n in range(300_000))}}}",
}
LONGEST = ".a" * (toml.MAX_KEY_PARTS - 1)
BARELY = {
    "keys": "\n".join(f"{n}{LONGEST}=[]" for n in range(toml.MAX_PARTS // toml.MAX_KEY_PARTS)),
    "tables": "\n".join(f"[{n}.a]" for n in range(toml.MAX_PARTS // 2)),
    "lists": f"a = [{'[],' * 1_000_000}]",
}


@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
def test_keys_of_too_many_parts_are_refused(text: str) -> None:
    """A text whose keys would take gigabytes raises ValueError."""
    with limit_memory(200), pytest.raises(ValueError, match=r"more than \d+ parts"):
        toml.parse(text)


@pytest.mark.slow
@pytest.mark.parametrize("text", BARELY.values(), ids=BARELY)
def test_a_text_at_the_limits_takes_bounded_memory(text: str) -> None:
    """Reading a text at the limits takes at most 500 MB."""
    with limit_memory(500):
        toml.parse(text)


@pytest.mark.parametrize("line", QUOTES.values(), ids=QUOTES)
@given(content=st.text("ab.=[]{}#, \t", max_size=8))
@example(content="")
@example(content=".a" * 50)
@example(content="=[" * 50)
def test_strings_and_comments_are_no_keys(line: str, content: str) -> None:
    """Dots and brackets in strings and comments do not count as parts of a key."""
    text = f"{line.format(content)}\n{'z' + LONGEST} = 2\n"
    assert toml.parse(text)


def test_a_text_that_is_nested_too_deep_is_refused() -> None:
    """Lists in lists and tables in tables, 100,000 deep, raise ValueError."""
    for opening in ("[", "{a="):
        with pytest.raises(ValueError, match="nested too deep"):
            toml.parse("a = " + opening * 100_000)
