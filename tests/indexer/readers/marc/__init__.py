"""Tests of the readers of MARC."""
