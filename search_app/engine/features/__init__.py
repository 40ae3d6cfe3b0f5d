"""Search features beyond the list of hits."""
