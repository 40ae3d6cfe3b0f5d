"""Mutants of the code: what `make mutants` draws."""

import ast
from pathlib import Path

import pytest

from tools import mutants

LINK = '''
def link(url: str, limit: int = 3) -> str:
    """Return a link."""
    if not url or len(url) > limit:
        return max(url, "none")
    note(url)
    return f"<a href={escape(url)}>" + join(limit, url).strip()
'''
MUTANTS = """
def link(url: str, limit: int = 4) -> str:
if (not (not url or len(url) > limit)):
if bool(url) or len(url) > limit:
if not url and len(url) > limit:
if not url or (url) > limit:
if not url or len(url) >= limit:
return min(url, "none")
return max(url, 'none~')
None
(url)
return f"<a href={(url)}>" + join(limit, url).strip()
return f"<a href={escape(url)}>" - join(limit, url).strip()
return f"<a href={escape(url)}>" + join(url, limit).strip()
return f"<a href={escape(url)}>" + join(limit, url)
"""


def test_a_mutant_changes_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "module.py").write_text(LINK)
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    changed = [[*mutants.describe(each)][-1] for each in mutants.find_mutants("module.py")]
    assert {line.strip(" +") for line in changed} == {*MUTANTS.strip().split("\n")}


def test_every_mutant_of_the_project_is_other_code() -> None:
    drawn = mutants.draw([], 80, seed=1)
    assert len(drawn) == len({each.path + each.old + str(each.offset) for each in drawn})
    for each in drawn:
        source = (mutants.ROOT / each.path).read_text()
        assert ast.dump(ast.parse(each.apply(source))) != ast.dump(ast.parse(source)), each


def test_the_tests_that_name_a_module_come_first() -> None:
    first, *others = mutants.list_tests("search_app/engine/query/parser.py")
    assert first == "tests/search_app/engine/query/test_parser.py"
    assert "tests/search_app/engine/query/test_cost.py" in others
    assert "tests/search_app/test_config.py" in mutants.list_tests("search_app/config.py")
