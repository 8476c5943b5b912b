"""How right alerts are: by what is true, and by what people decided where a case is closed."""

from collections.abc import Mapping
from typing import Final

import msgspec

from detectors.alerts import Alert
from detectors.errors import ZeromileError
from streams.evaluation.score import Score
from streams.evaluation.shares import WilsonShare, share

_RIGHT: Final = frozenset({"confirmed", "useful"})


class OutcomesError(ZeromileError):
    """A database in which there are no cases."""


class SideScore(msgspec.Struct, frozen=True):
    """One side held against what is true, or was decided."""

    right: WilsonShare
    """Precision: of the vehicles that it accuses, the schemes; of its alerts whose case is closed,
    those that were confirmed or useful."""
    found: WilsonShare
    """Recall: of all schemes, those that it accuses; of all alerts that were confirmed or useful, those
    that it says."""


def read_outcomes(url: str) -> dict[str, str]:
    """Outcomes of closed cases by alert.

    Raises
    ------
    StoreError
        If the URL names no database.
    OutcomesError
        If it cannot be read, or holds no closed case.
    """
    import sqlalchemy as sa  # noqa: PLC0415 - half a second that only a run with outcomes needs

    from streams.desk.tables import cases  # noqa: PLC0415 - the same
    from streams.store.database import existing_database  # noqa: PLC0415 - the same

    query = sa.select(cases.c.alert_id, cases.c.outcome).where(
        cases.c.state == "closed", cases.c.outcome.is_not(None)
    )
    engine = existing_database(url)
    try:
        with engine.connect() as connection:
            found = {row.alert_id: row.outcome for row in connection.execute(query)}
    except sa.exc.SQLAlchemyError as error:
        shown = engine.url.render_as_string(hide_password=True)
        raise OutcomesError(f"cannot read the cases of {shown}: {error}") from None
    finally:
        engine.dispose()
    if not found:
        raise OutcomesError("no case is closed in this database: nobody has decided anything")
    return found


def truth_score(score: Score) -> SideScore:
    """Precision and recall of accusations, where the truth is known."""
    from streams.evaluation.truth import SCHEMES  # noqa: PLC0415 - half a second: as above

    accused = sum(row.accused.count for row in score.kinds)
    schemes = [row for row in score.kinds if row.kind in SCHEMES]
    right = sum(row.accused.count for row in schemes)
    return SideScore(share(right, accused), share(right, sum(row.vehicles for row in schemes)))


def outcome_score(alerts: Mapping[str, Alert], outcomes: Mapping[str, str]) -> SideScore:
    """Hold alerts that are not on trial against what was decided."""
    said = {name for name, alert in alerts.items() if not alert.shadow}
    right = {name for name, outcome in outcomes.items() if outcome in _RIGHT}
    return SideScore(
        right=share(len(said & right), len(said & outcomes.keys())),
        found=share(len(said & right), len(right)),
    )
