"""The `pubsearch` command.

- `main` is the entry point, which handles signals while `commands` loads.
- `commands` defines the commands. `serve` has those that run until they are stopped, and
  `importing` those that read files of other programs.
- `options` defines the options that several commands share.
- `output` and `progress` print to the terminal.
- `background_build` builds before a server opens and while it runs.
- `evaluation` measures judged queries.

Only the entry points import this package.
"""
