"""Colours: told apart by lightness too, so that they survive colour blindness and a grey printer."""

from typing import Final

INK: Final = "#1f2933"
MUTED: Final = "#5b6770"
BLUE: Final = "#2b6cb0"
PALE_BLUE: Final = "#a9c9e8"
ORANGE: Final = "#d9480f"
SEVERITY: Final = {"critical": "#6b0f1a", "high": "#d9480f", "medium": "#f2a541", "low": "#9fb3c8"}

_STEPS: Final = ("#f2f6fa", "#d6e4f2", "#a9c9e8", "#6fa3d4", "#3472ae", "#1d5791", "#0d3863")
_DARK_FROM: Final = 4
"""First step on which text must be white."""


def tile(share: float) -> tuple[str, str]:
    """Background and text colour for a value between 0 and 1."""
    index = min(int(share * len(_STEPS)), len(_STEPS) - 1)
    return _STEPS[index], "#ffffff" if index >= _DARK_FROM else INK
