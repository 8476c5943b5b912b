"""Reading the policy: the text that ships with the package and a user's file over it."""

from importlib.resources import files
from pathlib import Path

from detectors.errors import PolicyError
from detectors.policy import Policy
from detectors.registry import DECLARED


def shipped_policy_text() -> str:
    """The policy as it ships: every threshold and dated rule with its source."""
    return files("detectors").joinpath("policy.toml").read_text(encoding="utf-8")


def load_policy(override: Path | None = None) -> Policy:
    """Load the shipped policy, with a user's file over it.

    Raises
    ------
    PolicyError
        If the file cannot be read, or holds a wrong key or value; the message names the file.
    """
    if override is None:
        return Policy.parse(shipped_policy_text(), None, DECLARED)
    try:
        text = override.read_text(encoding="utf-8-sig")
        return Policy.parse(shipped_policy_text(), text, DECLARED)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"cannot read the policy {override}: {error}") from error
    except PolicyError as error:
        raise PolicyError(f"{override}: {error}") from None
