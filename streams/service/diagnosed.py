"""One finding of `zeromile doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at.

    Parameters
    ----------
    state
        `ok`, `note` (works, but you should know) or `problem`.
    what
        What was found.
    remedy
        What to do about it; empty where nothing needs doing.
    """

    state: Literal["ok", "note", "problem"]
    what: str
    remedy: str = ""
