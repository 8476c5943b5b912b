"""Who may use the desk: tokens with roles, and browsers that signed in with one.

Of a token only the SHA-256 digest is kept. That is enough, for a token is 32 random bytes and no
password: nobody guesses what stands behind a digest.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec
import sqlalchemy as sa

from streams.desk.errors import DeskError, NotSignedInError, NotThereError, RoleError
from streams.desk.tables import sessions, tokens

Role = Literal["read", "decide", "admin"]
ROLES: Final[tuple[Role, ...]] = ("read", "decide", "admin")
"""Each may do what those before it may."""
PREFIX: Final = "zmd_"
"""Lets scanners of leaked secrets recognise a token."""
SESSION: Final = timedelta(hours=12)
LONGEST_NAME: Final = 80
LONGEST_DAYS: Final = 3650
_SHORTEST_GIVEN: Final = 24
_LONGEST_SECRET: Final = 200


class Person(msgspec.Struct, frozen=True):
    """Who acts, and what they may do."""

    name: str
    role: Role
    token_id: str
    form_key: str | None = None
    """Must come back with every form; `None` for who sends a token with each request."""

    def must_be(self, role: Role) -> None:
        """Let pass who has the role, or a greater one.

        Raises
        ------
        RoleError
            If it is too small.
        """
        if ROLES.index(self.role) < ROLES.index(role):
            raise RoleError(f"the role of {self.name} is {self.role}; this asks for {role}")


class TokenRow(msgspec.Struct, frozen=True):
    """What is known of a token."""

    token_id: str
    name: str
    role: Role
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def make_token(
    engine: sa.Engine, *, name: str, role: str, days: int, now: datetime, secret: str | None = None
) -> str:
    """Make a token for a person or a program; it is shown this once.

    Parameters
    ----------
    name
        Who acts with it; stands in every event.
    role
        What they may do.
    days
        After how many days it expires.
    now
        The present.
    secret
        A token that was made elsewhere, as a deployment does; it is kept once, however often given.

    Raises
    ------
    DeskError
        If a value is not allowed.
    """
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise DeskError(f"the name is {name!r}; allowed: 1 to {LONGEST_NAME} printable characters")
    if role not in ROLES:
        raise DeskError(f"the role is {role!r}; allowed: {', '.join(ROLES)}")
    if not 1 <= days <= LONGEST_DAYS:
        raise DeskError(f"the days are {days}; allowed: 1 to {LONGEST_DAYS}")
    if secret is not None and len(secret) < _SHORTEST_GIVEN:
        raise DeskError(f"the token is too short; allowed: {_SHORTEST_GIVEN} characters or more")
    token = secret or PREFIX + secrets.token_urlsafe(32)
    row = {
        "token_id": secrets.token_hex(4), "name": name.strip(), "role": role,
        "secret_sha256": _digest(token), "made_at": now, "expires_at": now + timedelta(days=days),
        "revoked_at": None,
    }  # fmt: skip
    with engine.begin() as connection:
        there = sa.select(tokens.c.token_id).where(tokens.c.secret_sha256 == row["secret_sha256"])
        if connection.execute(there).first() is None:
            connection.execute(sa.insert(tokens).values(row))
    return token


def tokens_of(engine: sa.Engine) -> list[TokenRow]:
    """Every token, the oldest first."""
    query = sa.select(tokens).order_by(tokens.c.made_at, tokens.c.token_id)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return [TokenRow(*(getattr(row, name) for name in TokenRow.__struct_fields__)) for row in rows]


def revoke_token(engine: sa.Engine, token_id: str, now: datetime) -> None:
    """Let a token count no more, at once; who signed in with it is signed out.

    Raises
    ------
    NotThereError
        If no token that counts has this id.
    """
    with engine.begin() as connection:
        changed = connection.execute(
            sa.update(tokens)
            .where(tokens.c.token_id == token_id, tokens.c.revoked_at.is_(None))
            .values(revoked_at=now)
        ).rowcount
        connection.execute(sa.delete(sessions).where(sessions.c.token_id == token_id))
    if not changed:
        raise NotThereError(f"no token that counts has the id {token_id[:40]!r}")


def person_of_token(engine: sa.Engine, token: str, now: datetime) -> Person:
    """Who sends this token.

    Raises
    ------
    NotSignedInError
        If it is none, has expired or was revoked; which one is not told.
    """
    with engine.connect() as connection:
        query = sa.select(tokens).where(tokens.c.secret_sha256 == _digest(token))
        row = connection.execute(query).one_or_none()
    if row is None or not _counts(row, now):
        raise NotSignedInError("the token is unknown, has expired or was revoked")
    return Person(row.name, row.role, row.token_id)


def sign_in(engine: sa.Engine, person: Person, now: datetime) -> str:
    """Open a session for a browser; returns its secret, for the cookie."""
    secret = secrets.token_urlsafe(32)
    with engine.begin() as connection:
        connection.execute(sa.delete(sessions).where(sessions.c.expires_at <= now))
        connection.execute(
            sa.insert(sessions).values(
                session_sha256=_digest(secret),
                token_id=person.token_id,
                form_key=secrets.token_urlsafe(24),
                expires_at=now + SESSION,
            )
        )
    return secret


def person_of_session(engine: sa.Engine, secret: str, now: datetime) -> Person:
    """Who is signed in.

    Raises
    ------
    NotSignedInError
        If the session is over, or its token does not count any more.
    """
    query = (
        sa.select(tokens, sessions.c.form_key)
        .join_from(sessions, tokens, tokens.c.token_id == sessions.c.token_id)
        .where(sessions.c.session_sha256 == _digest(secret), sessions.c.expires_at > now)
    )
    with engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None or not _counts(row, now):
        raise NotSignedInError("you are not signed in, or not any more")
    return Person(row.name, row.role, row.token_id, row.form_key)


def sign_out(engine: sa.Engine, secret: str) -> None:
    """Close a session."""
    with engine.begin() as connection:
        connection.execute(sa.delete(sessions).where(sessions.c.session_sha256 == _digest(secret)))


def _digest(secret: str) -> bytes:
    return sha256(secret[:_LONGEST_SECRET].encode("utf-8", "surrogatepass")).digest()


def _counts(row: Any, now: datetime) -> bool:
    return row.revoked_at is None and now < row.expires_at
