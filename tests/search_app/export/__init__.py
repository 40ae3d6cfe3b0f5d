"""Tests of the formats for other programs."""
