"""What people decided at the desk, where a case is closed."""

import sqlalchemy as sa

from detectors.errors import ZeromileError
from streams.desk.tables import cases
from streams.store.database import existing_database


class OutcomesError(ZeromileError):
    """A database in which there are no cases."""


def read_outcomes(url: str) -> dict[str, str]:
    """Outcomes of closed cases by alert.

    Raises
    ------
    StoreError
        If the URL names no database.
    OutcomesError
        If it cannot be read, or holds no closed case.
    """
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
