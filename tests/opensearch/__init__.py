"""Tests on real nodes of OpenSearch, and the nodes."""
