"""The `pubsearch` command."""
