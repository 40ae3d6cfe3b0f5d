"""Browser tests: the site in a real Chromium."""
