"""Ingestion: read a corpus folder into validated publications."""
