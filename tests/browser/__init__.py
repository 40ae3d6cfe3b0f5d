"""Browser tests: the real page in a real Chromium."""
