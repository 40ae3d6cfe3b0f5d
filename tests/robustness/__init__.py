"""Robustness tests: crashes, full disks, power cuts, hostile corpora, and hostile clients."""
