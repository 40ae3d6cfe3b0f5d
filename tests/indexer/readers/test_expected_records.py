"""The records of a small file of every format, as `expected_records.json` has them.

After an intended change, run `python -m tests.indexer.readers.test_expected_records`, and read the
differences.
"""

import json

import pytest

from indexer.mapping.mapper import Mapper
from indexer.mapping.sources import Source
from tests.indexer.readers.reading import (
    CATALOGUE,
    EXPECTED,
    choose,
    columns,
    read_expected,
    read_records,
)  # fmt: skip
from tests.indexer.readers.xml import test_formats
from tests.robustness import format_samples

SAMPLES = format_samples.SAMPLES | {
    name: (".xml", text.encode()) for name, text in test_formats.SAMPLES.items()
}


def read_sample(name: str) -> object:
    """Return the recognized format of a file, and its records as lists of names and values."""
    ending, data = SAMPLES[name]
    reader = choose(data, f"sample{ending}")
    assert reader
    found = read_records(data, reader)
    mapper = Mapper(Source(file="*", format=reader.NAME), reader, CATALOGUE)
    return {
        "format": reader.NAME,
        "records": [
            [
                f"line {record.line}, id {record.id}, lists {sorted(record.lists)}",
                *(f"{each.name}: {each.value}" for each in record.properties),
            ]
            for record in found.records
        ],
        "mapped": [
            columns(record) | ({"id": [record.id]} if record.id else {})
            for record in map(mapper.map, found.records)
        ],
        "problems": [*map(str, found.problems)],
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_records_are_as_expected(name: str) -> None:
    assert read_sample(name) == read_expected()[name]


if __name__ == "__main__":
    records = {name: read_sample(name) for name in SAMPLES}
    EXPECTED.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", "utf-8")
