"""What people decided on alerts, as far as their cases are closed: how right each side is by that."""

from collections.abc import Mapping
from typing import Final

import msgspec
import sqlalchemy as sa

from detectors.alerts import Alert
from detectors.errors import ZeromileError
from streams.desk.tables import cases
from streams.evaluation.shares import WilsonShare, share

_RIGHT: Final = frozenset({"confirmed", "useful"})


class OutcomesError(ZeromileError):
    """A database in which there are no cases."""


class OutcomeScore(msgspec.Struct, frozen=True):
    """One side held against what was decided."""

    right: WilsonShare
    """Of its alerts whose case is closed, those that were confirmed or useful: precision."""
    found: WilsonShare
    """Of all alerts that were confirmed or useful, those that it says: recall of those."""


def read_outcomes(url: str) -> dict[str, str]:
    """Outcomes of closed cases by alert.

    Raises
    ------
    OutcomesError
        If the database cannot be read, or holds no closed case.
    """
    query = sa.select(cases.c.alert_id, cases.c.outcome).where(
        cases.c.state == "closed", cases.c.outcome.is_not(None)
    )
    try:
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            found = {row.alert_id: row.outcome for row in connection.execute(query)}
        engine.dispose()
    except (sa.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        shown = sa.engine.make_url(url).render_as_string(hide_password=True) if "://" in url else url
        raise OutcomesError(f"cannot read the cases of {shown}: {error}") from None
    if not found:
        raise OutcomesError("no case is closed in this database: nobody has decided anything")
    return found


def outcome_score(alerts: Mapping[str, Alert], outcomes: Mapping[str, str]) -> OutcomeScore:
    """Hold alerts that are not on trial against what was decided."""
    said = {name for name, alert in alerts.items() if not alert.shadow}
    right = {name for name, outcome in outcomes.items() if outcome in _RIGHT}
    return OutcomeScore(
        right=share(len(said & right), len(said & outcomes.keys())),
        found=share(len(said & right), len(right)),
    )
