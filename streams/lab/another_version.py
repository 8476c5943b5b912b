"""The same documents judged by another version of zeromile, as a program of its own."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from detectors.alerts import Alert
from detectors.errors import ZeromileError

_LINES: Final = 3
"""Last lines of what a program complained of that are told."""


class AnotherVersionError(ZeromileError):
    """A program that could not judge, or whose alerts cannot be read."""


def version_of(program: Path) -> str:
    """What a program calls itself."""
    return _run(program, ["--version"]).strip()


def firing_by(program: Path, words: Sequence[str], scratch: Path | None = None) -> dict[str, Alert]:
    """Alerts that fire by a program's ``replay``.

    Parameters
    ----------
    program
        The ``zeromile`` command of another version.
    words
        What ``replay`` is told: files and options.
    scratch
        Folder for what it finds.

    Raises
    ------
    AnotherVersionError
        If it or one of its detectors fails, or it refuses too much: what it would say is not known.
    """
    with TemporaryDirectory(prefix="zeromile-", dir=scratch) as folder:
        final = Path(folder, "final.jsonl")
        _run(program, ["replay", *words, "--final", str(final)])
        try:
            with final.open("rb") as lines:
                found = [msgspec.json.decode(line, type=Alert) for line in lines]
        except (OSError, msgspec.MsgspecError) as error:
            raise AnotherVersionError(f"the alerts of {program} cannot be read: {error}") from None
    return {alert.alert_id: alert for alert in found}


def _run(program: Path, words: Sequence[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the program that was asked for
            [str(program), *words],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise AnotherVersionError(f"{program} cannot be run: {error.strerror}") from None
    if done.returncode:
        told = "; ".join(done.stderr.strip().splitlines()[-_LINES:]) or "it said nothing"
        raise AnotherVersionError(f"{program} {words[0]} ended with {done.returncode}: {told}")
    return done.stdout
