"""What was seen before around an alert: others on its subject, and what people decided of its like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
import sqlalchemy as sa

from streams.desk.asking import AlertRow, alerts_where
from streams.desk.life_cycle import Outcome
from streams.desk.suppressions import vehicles_of
from streams.desk.tables import alerts, cases

_MOST_ALERTS: Final = 5
_MOST_PARTIES: Final = 6
MOST_VEHICLES: Final = 300
"""Of a party with more vehicles so many are looked at."""


class DecidedBefore(msgspec.Struct, frozen=True, kw_only=True):
    """What people decided of the same detector's alerts on other vehicles of a party."""

    party_id: str
    outcomes: dict[Outcome, int]


class SeenBefore(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen before around an alert."""

    alerts: tuple[AlertRow, ...]
    """Others on the same subject, five at most, the worst first."""
    decided: tuple[DecidedBefore, ...]
    """By party that a document of the vehicle names; of 300 vehicles each at most."""


def seen_before(
    connection: sa.Connection, alert: AlertRow, parties: Sequence[str], now: datetime
) -> SeenBefore:
    """What was seen before around an alert on whose vehicle's documents parties are named."""
    others = alerts_where(
        connection, now,
        alerts.c.subject == alert.subject, alerts.c.subject_type == alert.subject_type,
        alerts.c.alert_id != alert.alert_id, limit=_MOST_ALERTS,
    )  # fmt: skip
    decided = (_decided(connection, alert, party) for party in parties[:_MOST_PARTIES])
    return SeenBefore(alerts=others, decided=tuple(one for one in decided if one.outcomes))


def _decided(connection: sa.Connection, alert: AlertRow, party: str) -> DecidedBefore:
    vins = set(connection.execute(vehicles_of(party).limit(MOST_VEHICLES)).scalars())
    outcomes = connection.execute(
        sa.select(cases.c.outcome).where(
            cases.c.subject.in_(vins - {alert.subject}),
            cases.c.subject_type == "vehicle",
            cases.c.detector == alert.detector,
            cases.c.state == "closed",
        )
    )
    return DecidedBefore(party_id=party, outcomes=dict(Counter(outcomes.scalars()).most_common()))
