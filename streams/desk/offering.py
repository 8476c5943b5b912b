"""Operations: typed functions that are offered to programs, and by pages to people."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_type_hints

import sqlalchemy as sa

from streams.desk.around import Around
from streams.desk.tokens import Person, Role

Method = Literal["GET", "POST", "PUT", "DELETE"]


@dataclass(frozen=True, slots=True)
class Ask:
    """What every operation is given."""

    around: Around
    person: Person
    now: datetime
    seen: str | None = None
    """ETag of what the person saw, without its quotation marks."""

    @property
    def engine(self) -> sa.Engine:
        """The store."""
        return self.around.engine


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation and where programs find it."""

    method: Method
    path: str
    role: Role
    run: Callable[..., Any]
    needs_seen: bool
    """Whether it changes something that others may have changed: `If-Match` is asked for."""
    status: int

    @property
    def name(self) -> str:
        """Its name, unique."""
        return self.run.__name__

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (inspect.getdoc(self.run) or "").partition("\n")[0]

    @property
    def types(self) -> dict[str, Any]:
        """Types of what it takes and gives, by name."""
        return get_type_hints(self.run, include_extras=True)

    @property
    def in_path(self) -> list[str]:
        """Names of the parts of its path."""
        return re.findall(r"{(\w+)}", self.path)


class Operations(dict[str, Operation]):
    """Operations by name, in the order of the description."""

    def offer(
        self, method: Method, path: str, role: Role, *, needs_seen: bool = False, status: int = 200
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Offer a function under a path to who has a role."""

        def register(run: Callable[..., Any]) -> Callable[..., Any]:
            one = Operation(method, path, role, run, needs_seen, status)
            self[one.name] = one
            return run

        return register
