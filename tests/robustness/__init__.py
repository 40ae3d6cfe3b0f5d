"""Proof that an index survives: kills, failing disks, power cuts, damage, switches under load."""
