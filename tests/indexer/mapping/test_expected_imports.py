"""An import of a small file of every format, as `expected_imports.json` has it.

After an intended change, run `python -m tests.indexer.mapping.test_expected_imports`, and read the
differences.
"""

import json
import tempfile
import tomllib
from functools import cache
from pathlib import Path

import msgspec
import pytest

from indexer.catalogue.records import Problem
from indexer.jobs.importer import import_files
from tests.robustness.format_samples import SAMPLES
from tests.samples import read_publications

EXPECTED = Path(__file__).with_name("expected_imports.json")


def import_sample(name: str, folder: Path) -> object:
    """Return what an import writes, the publications that a build reads, and the problems."""
    ending, data = SAMPLES[name]
    (folder / f"sample{ending}").write_bytes(data)
    problems = list[Problem]()
    import_files([folder / f"sample{ending}"], folder / "corpus", report=problems.append)
    catalogue = tomllib.loads((folder / "corpus" / "catalogue.toml").read_text("utf-8"))
    found = {
        "source": (folder / "corpus" / "sources.toml").read_text("utf-8").split("\n"),
        "title": catalogue["title"],
        "fields": [f"{each['name']}: {each['label']}" for each in catalogue["field"]],
        "publications": read_publications(folder / "corpus", problems),
        "problems": [*map(str, problems)],
    }
    return json.loads(msgspec.json.encode(found))


@cache
def read_expected() -> dict[str, object]:
    expected: dict[str, object] = json.loads(EXPECTED.read_text("utf-8"))
    return expected


@pytest.mark.parametrize("name", SAMPLES)
def test_an_import_is_as_expected(name: str, tmp_path: Path) -> None:
    assert import_sample(name, tmp_path) == read_expected()[name]


if __name__ == "__main__":
    found = dict[str, object]()
    for each in SAMPLES:
        with tempfile.TemporaryDirectory() as temporary:
            found[each] = import_sample(each, Path(temporary))
    EXPECTED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
