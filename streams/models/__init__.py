"""Model directories: writing, checking and reading trained isolation forests."""
