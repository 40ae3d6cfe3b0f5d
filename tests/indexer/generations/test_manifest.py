"""The digests of a generation are a map of MessagePack, whatever their number."""

from __future__ import annotations

import msgspec
import pytest
import zstandard

from indexer.generations import manifest


@pytest.mark.parametrize("count", [0, 15, 16, 65_535, 65_536])
def test_digests_are_packed_as_a_map(count: int) -> None:
    """Packed digests are the compressed map of all ids, in order."""
    digests = {f"id-{number}": number.to_bytes(16) for number in range(count)}
    packed = zstandard.decompress(manifest.pack_digests(digests.items(), count))
    assert packed == msgspec.msgpack.encode(digests)
