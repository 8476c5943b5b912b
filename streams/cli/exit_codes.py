"""What a command's exit status means: the same for all of them, told in docs/commands.md."""

from typing import Final

FINE: Final = 0
WANTING: Final = 1
"""It ran, and the answer is no, or what it found or wrote asks for somebody's attention."""
WRONG_USE: Final = 2
"""An option, a setting or a file that this command cannot take; nothing was done."""
UNREACHABLE: Final = 3
"""Kafka, a worker or the database cannot be reached, or lacks what is needed there."""
INTERRUPTED: Final = 130
"""Ctrl-C; 143 is SIGTERM."""
