"""What people can be about, where the truth is known."""

from typing import Final

ORDINARY: Final = "ordinary"
SCHEMES: Final = ("known", "scheme")
"""Kinds of intent to find: schemes that rules were written for, and others."""
KINDS: Final = (*SCHEMES, "innocent", ORDINARY)
"""What people can be about; the words of a CSV's column `label`."""
