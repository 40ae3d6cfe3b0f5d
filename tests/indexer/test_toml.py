"""Reading TOML takes bounded memory, whatever its keys."""

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


NUMBERS = {
    "hexadecimal": "a = 0x{}", "binary": "a = 0b{}", "octal": "a = 0o{}", "decimal": "a = 1{}",
    "signed": "a = -1{}", "a fraction": "a = 1.{}", "an exponent": "a = 1e{}",
    "in a list": "a = [1, 0x{}]", "in a table": "a = {{b = 0x{}, c = 1}}",
    "before a comment": "a = 0x{} # b", "before a string": 'a = 0x{}"b"', "no value": "{} = 1",
}  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("digits", ["1", "_1"])
@pytest.mark.thorough
def test_a_number_of_too_many_digits_is_refused(text: str, digits: str) -> None:
    """A number that would take gigabytes raises ValueError."""
    number = digits * (9_000_000 // len(digits))
    with limit_memory(100), pytest.raises(ValueError, match="more than 1000 characters"):
        toml.parse(text.format(number))


def test_long_numbers_and_texts_are_read() -> None:
    """A number of 900 digits, and a text of any length, are read."""
    text = "x" * 100_000
    assert toml.parse(f"a = 0x{'1' * 900}\nb = '{text}'  # {text}")["b"] == text


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
    text = f"{line.format(content)}\n{'z' + LONGEST} = 2\n"
    assert toml.parse(text)


def test_a_text_that_is_nested_too_deep_is_refused() -> None:
    """Lists in lists and tables in tables, 100,000 deep, raise ValueError."""
    for opening in ("[", "{a="):
        with pytest.raises(ValueError, match="nested too deep"):
            toml.parse("a = " + opening * 100_000)
