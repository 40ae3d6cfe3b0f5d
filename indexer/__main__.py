"""`python -m indexer` is `pubsearch build`."""

from search_app.cli.main import main

main("build")
