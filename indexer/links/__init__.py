"""Test links on the web.

- `client` sends one request and reads the head of the reply.
- `testing` follows redirects and judges a link.
- `schedule` tests many links, several hosts at the same time.

Only `indexer.jobs.link_check` imports this package.
"""
