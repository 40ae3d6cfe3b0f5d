"""Positions of phrases in full texts: the ones that are among others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.codec.segment.array_file import Array
from search_app.engine.arrays import fulltext as positions_module

POSITIONS = st.sets(st.integers(0, 3000) | st.integers(1 << 14, (1 << 14) + 40)).map(
    lambda numbers: np.array(sorted(numbers), np.int64)
)


@pytest.mark.parametrize("min_marked", [0, 5, 1 << 17])
@given(positions=POSITIONS, others=POSITIONS, size=st.integers(2, 13).map(lambda bits: 1 << bits))
def test_members_are_found_by_marks_and_by_look_ups(
    positions: Array, others: Array, size: int, min_marked: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(positions_module, "MIN_MARKED", min_marked)
        patch.setattr(positions_module, "MARKS_AT_A_TIME", size)
        found = positions_module.find_members(positions, others)
    assert found.tolist() == np.isin(positions, others).tolist()
