"""Entry point of `python -m indexer`, which runs `pubsearch build`."""

from search_app.cli.main import main

main("build")
