"""Health check of a container without curl: status 0 if the URL answers 2xx. Standard library only."""

from __future__ import annotations

import sys
from urllib.request import urlopen

SECONDS = 4.0


def main(url: str) -> int:
    """Ask once; say why on standard error if it is not well."""
    try:
        with urlopen(url, timeout=SECONDS):  # noqa: S310 - the URL is an argument of the compose file
            return 0
    except OSError as error:
        sys.stderr.write(f"{url}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
