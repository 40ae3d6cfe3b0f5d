"""The `pubsearch` command.

`main` has the commands, `serve` those that run until they are stopped, `options` what they share;
`output` and `progress` print to the terminal, `background_build` builds while a server runs,
`evaluation` measures judged queries. Nothing imports it but the entry points.
"""
