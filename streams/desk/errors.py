"""What can go wrong at the desk, each with the status that HTTP has for it."""

from __future__ import annotations

from typing import ClassVar

from detectors.errors import ZeromileError


class DeskError(ZeromileError):
    """Something that was asked of the desk cannot be done; the message says what would be allowed."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Not allowed"


class NotThereError(DeskError):
    """What was asked for does not exist."""

    status = 404
    title = "Not found"


class CaseConflictError(DeskError):
    """Somebody else was faster; the message says who did what."""

    status = 412
    title = "The case has changed"


class NotSignedInError(DeskError):
    """No token, or one that does not count any more."""

    status = 401
    title = "Not signed in"


class RoleError(DeskError):
    """The token's role does not allow it."""

    status = 403
    title = "Not allowed to you"
