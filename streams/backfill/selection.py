"""Which vehicles have to be opened, by SQL over a ledger.

A vehicle is *plain* where every identity came once (or came again unchanged), under one VIN, and
nothing was withdrawn or revised. Of vehicles whose documents nobody contests only those are opened
that pass a screen, and exported ones, which provinces count; those that are not plain are opened for
visitors, too. Whatever is opened is opened whole.
"""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from typing import Final

import duckdb
import msgspec
import pyarrow as pa

from detectors.history import SALE_DOCUMENTS, Content
from detectors.registry import EVERY_SCREEN, Catalogue
from detectors.summaries import MALFORMED, lone_sql, overfull_sql, summary_sql
from detectors.vin import NoCar, no_car
from streams.backfill.columns import SCHEMA

_IN_VEHICLE: Final = "hash(vin, source, event_id)"
"""Identity of a document among those of its vehicle: numbers are sorted faster than texts."""
_KEPT: Final = [field.name for field in SCHEMA if field.name not in {"vin", "original", "file", "line"}]


class Selection(msgspec.Struct, frozen=True):
    """What of a ledger is to be opened, and what the rest comes to."""

    vehicles: int
    opened: int
    settled: Counter[str]
    """What became of the documents of the vehicles that are not opened."""
    passed: Counter[str]
    """Vehicles that pass the screen of each detector, where that was asked for."""


def note_repeated(database: duckdb.DuckDBPyConnection) -> None:
    """Find vehicles of ``documents`` with ``several``, and among them identities that came again.

    ``fellows`` are the documents of the former; ``again`` those of the vehicles of the latter, each
    once, and what became of it every time.
    """
    database.execute(
        "CREATE OR REPLACE TEMP TABLE several AS SELECT vin FROM documents GROUP BY vin "
        "HAVING count(*) > 1"
    )
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE fellows AS SELECT vin, {', '.join(_KEPT)} FROM documents "
        "SEMI JOIN several USING (vin)"
    )
    database.execute(
        "CREATE OR REPLACE TEMP TABLE repeating AS SELECT DISTINCT vin FROM (SELECT any_value(vin) AS "
        f"vin FROM fellows GROUP BY {_IN_VEHICLE} HAVING count(*) > 1)"
    )
    kept = ", ".join(f"any_value({name}) AS {name}" for name in _KEPT)
    counted = ", ".join(f"count(*) FILTER ({came}) AS {name}" for name, came in _OUTCOMES.items())
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE again AS SELECT * REPLACE ({_CONTENT} AS content) FROM "
        f"(SELECT vin, identity, {kept}, {counted} FROM (SELECT *, max(revision) OVER (PARTITION BY "
        "identity ORDER BY file, line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newest FROM "
        f"(SELECT *, {_IN_VEHICLE} AS identity FROM documents SEMI JOIN repeating USING (vin))) "
        "GROUP BY vin, identity, original)"
    )


_OUTCOMES: Final = {
    "accepted": "coalesce(revision > newest, true)",
    "further": "revision = newest",
    "stale": "revision < newest",
}
"""What becomes of a document, by the newest revision before it: :func:`detectors.filing.file_document`
says the same where no revision has two contents."""
_SAME: Final = "OVER (PARTITION BY identity"
_CONTENT: Final = (
    f"CASE WHEN row_number() {_SAME}, content, day, owner) > 1 THEN content & {~SALE_DOCUMENTS} "
    "ELSE content END "
    f"| CASE WHEN count(*) {_SAME}) > 1 THEN {Content.CONTESTED} ELSE 0 END "
    f"| CASE WHEN count(*) {_SAME}, revision) > 1 THEN {Content.CONFLICTING} ELSE 0 END"
)
"""As :func:`detectors.summaries.summary_sql` asks for it."""


def sum_vehicles(database: duckdb.DuckDBPyConnection) -> None:
    """Let ``summaries`` be what is known of every vehicle of ``documents``, whatever the policy.

    Beside the fields of a summary: whether anything was withdrawn or revised (``odd``), and how many
    documents were ``accepted``, came again unchanged (``further``) or after a newer revision
    (``stale``).
    """
    odd = "coalesce(bool_or(void OR revision > 0), true) AS odd"
    lone = "coalesce(void OR revision > 0, true) AS odd, 1 AS accepted, 0 AS further, 0 AS stale"
    outcomes = ", ".join(f"sum({name})::BIGINT AS {name}" for name in _OUTCOMES)
    database.execute(
        f"CREATE OR REPLACE TEMP VIEW summaries AS SELECT vin, {lone_sql()}, {lone} "
        "FROM documents ANTI JOIN several USING (vin) "
        f"UNION ALL SELECT vin, {summary_sql(alone=True)}, {odd}, count(*) AS accepted, 0 AS further, "
        "0 AS stale FROM fellows ANTI JOIN repeating USING (vin) GROUP BY vin "
        f"UNION ALL SELECT vin, {summary_sql()}, {odd}, {outcomes} FROM again GROUP BY vin"
    )


def leave_out_no_car(
    database: duckdb.DuckDBPyConnection, words: Container[str], *, summed: bool
) -> Counter[tuple[str, NoCar]]:
    """Take the numbers that identify no car out of ``documents``; their documents join nothing.

    Parameters
    ----------
    database
        The ledger.
    words
        That stand for no car.
    summed
        Whether ``summaries`` was read from a ledger; they are taken out of it then.

    Returns
    -------
    Counter
        How many documents they have, by source and by why it is no car.
    """
    numbers, fault = ("summaries", "fault") if summed else ("documents", "vin_fault")
    suspicious = database.execute(
        f"SELECT DISTINCT vin FROM {numbers} "
        f"WHERE {fault} = {MALFORMED} OR vin[1] = vin[2] OR contains(vin, 'XXXXXX')"
    ).fetchall()
    found = {vin: why for (vin,) in suspicious if (why := no_car(vin, words)) is not None}
    if not found:
        return Counter()
    database.register("found", pa.table({"vin": list(found), "why": list(found.values())}))
    database.execute("CREATE OR REPLACE TEMP TABLE no_car AS SELECT * FROM found")
    counts = database.execute(
        "SELECT source, why, count(*) FROM documents JOIN no_car USING (vin) GROUP BY ALL"
    ).fetchall()
    if summed:
        database.execute(
            "CREATE OR REPLACE TEMP TABLE cars AS SELECT * FROM summaries ANTI JOIN no_car USING (vin)"
        )
        database.execute("CREATE OR REPLACE TEMP VIEW summaries AS SELECT * FROM cars")
    database.execute(
        "CREATE OR REPLACE TEMP VIEW documents AS SELECT * FROM ledger ANTI JOIN no_car USING (vin)"
    )
    return Counter({(source, why): count for source, why, count in counts})


def select(
    database: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    *,
    screened: bool,
    told: bool,
    visited: bool = False,
    needs: int = Content.NOTHING,
) -> Selection:
    """Say which vehicles of ``summaries`` are to be opened.

    Parameters
    ----------
    database
        Gets a table ``opened``, with the screens that each vehicle passes (`Catalogue.screened`).
    catalogue
        The detectors.
    screened
        Whether vehicles may be left closed at all.
    told
        Whether to count what passes each screen.
    visited
        Whether somebody looks at every vehicle of which anything was withdrawn or revised.
    needs
        Bits of content with which a vehicle is opened whatever the screens say.
    """
    screens = {name: one.screen_sql() for name, one in catalogue.detectors.items()}
    always = Content.CONFLICTING | Content.OVERFULL | (Content.CONTESTED if visited else 0) | needs
    odd = ["odd"] if visited else []
    opened = _any_of(always, [*odd, *screens.values()]) if screened else "true"
    told_of = (
        "".join(f', {screen} AS "passed_{name}"' for name, screen in screens.items()) if told else ""
    )
    passed = _passed(catalogue) if screened else EVERY_SCREEN
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE vehicles AS SELECT vin, documents, {', '.join(_OUTCOMES)}, "
        f"opened, CASE WHEN opened THEN {passed} END AS passed{told_of} "
        f"FROM (SELECT *, {opened} AS opened FROM {_summaries(catalogue)})"
    )
    database.execute(
        "CREATE OR REPLACE TEMP TABLE opened AS SELECT vin, CASE WHEN vin IN (SELECT vin FROM moved) "
        f"THEN {EVERY_SCREEN} ELSE passed END AS passed FROM vehicles WHERE opened"
    )
    return _counted(database, list(screens) if told else [])


def select_for(
    database: duckdb.DuckDBPyConnection, catalogues: Sequence[Catalogue], needs: int
) -> None:
    """Say which vehicles of ``summaries`` any of some catalogues can find anything about.

    Nothing is counted, so that withdrawn and revised documents alone are no reason to open a vehicle:
    a screen looks at all that was published.

    Parameters
    ----------
    database
        Gets a table ``opened``.
    catalogues
        The detectors.
    needs
        Bits of content with which a vehicle is opened whatever the screens say.
    """
    screens = [one.screen_sql() for catalogue in catalogues for one in catalogue.detectors.values()]
    fewest = min(catalogues, key=lambda one: one.policy.history.maximum_documents)
    # Beside the screens, not as one of them: every vehicle would be looked up among those that moved.
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE opened AS SELECT vin, {EVERY_SCREEN} AS passed "
        f"FROM {_summaries(fewest)} WHERE {_any_of(needs, screens, moved=False)} "
        f"UNION SELECT vin, {EVERY_SCREEN} FROM moved"
    )


def _passed(catalogue: Catalogue) -> str:
    """The screens that a vehicle passes, as bits."""
    screens = [f"({rule.screen_sql()})::BIGINT" for rule in catalogue.screened]
    return " | ".join(f"({screen} << {bit})" for bit, screen in enumerate(screens)) or "0"


def _any_of(content: int, ways: Iterable[str], *, moved: bool = True) -> str:
    """Whether a vehicle has any bits of content, moved, goes another way, or nobody can tell."""
    every = [
        "content IS NULL",
        f"content & {content} <> 0",
        *(["vin IN (SELECT vin FROM moved)"] if moved else []),
        *dict.fromkeys(ways),
    ]
    return f"coalesce({' OR '.join(f'({way})' for way in every)}, true)"


def _summaries(catalogue: Catalogue) -> str:
    """What is known of every vehicle, where a policy says how many documents are too many."""
    content = overfull_sql(catalogue.policy.history.maximum_documents)
    return f"(SELECT * REPLACE ({content} AS content) FROM summaries)"


def _counted(database: duckdb.DuckDBPyConnection, names: list[str]) -> Selection:
    passed = "".join(f', count(*) FILTER ("passed_{name}")' for name in names)
    settled = "".join(f", coalesce(sum({name}) FILTER (NOT opened), 0)::BIGINT" for name in _OUTCOMES)
    [(vehicles, opened, *counts)] = database.execute(
        f"SELECT count(*), count(*) FILTER (opened){settled}{passed} FROM vehicles"
    ).fetchall()
    counted = Counter(dict(zip([*_OUTCOMES, *names], counts, strict=True)))
    return Selection(vehicles, opened, counted, Counter({name: counted.pop(name) for name in names}))
