"""Write `.env` with fresh passwords: `python3 deploy/make_env.py`. Standard library only."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

SECRETS = (
    "POSTGRES_PASSWORD",
    "ZEROMILE_WRITER_PASSWORD",
    "ZEROMILE_READER_PASSWORD",
    "GRAFANA_ADMIN_PASSWORD",
    "ZEROMILE_WEB_TOKEN",
    "ZEROMILE_DESK_TOKEN",
    # Ids of owners and exporters are kept as digests under it: another key needs an empty installation.
    "ZEROMILE_IDENTITY_KEY",
)
TEXT = """\
# Made by deploy/make_env.py. Keep it to yourself; docker-compose.yml reads it.
{secrets}

# Where Alertmanager posts; empty: alerts are seen in Alertmanager and Grafana only.
ZEROMILE_WEBHOOK_URL=
"""


def main(target: Path) -> int:
    """Write the file; never over an existing one, for a database keeps its first passwords."""
    lines = "\n".join(f"{name}={secrets.token_hex(24)}" for name in SECRETS)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        sys.stderr.write(f"{target} is there already and was left alone; delete it for new passwords\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{target} cannot be written: {error.strerror}\n")
        return 2
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(TEXT.format(secrets=lines))
    sys.stdout.write(f"wrote {target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".env")))
