"""`python -m indexer` is `pubsearch build`."""

from search_app.cli import main

main("build")
