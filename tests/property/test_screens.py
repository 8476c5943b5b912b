"""Screens: necessary, monotone, the same in SQL, and no wider than they say."""

import dataclasses
import functools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any, Final

import duckdb
import msgspec
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Detector
from detectors.decoding import decode
from detectors.documents import Document
from detectors.filing import FiledDocument, file_document, trim
from detectors.history import SALE_DOCUMENTS, Content, VehicleHistory, content_of
from detectors.policy import Policy
from detectors.registry import DECLARED, RULES, Catalogue
from detectors.rules.odometer_rollback import OdometerRollback
from detectors.rules.restricted_destination import RestrictedDestinationParameters
from detectors.screens import ImplausibleVin, Limit, Marked, Screen, ScreenCase
from detectors.summaries import (
    LoneDocument,
    ScreenedDocument,
    Summary,
    lone_sql,
    overfull_sql,
    summary_sql,
    vin_fault,
)
from streams.setup.policy import load_policy
from tests.fixtures.loading import NAMES, stream
from tests.property.documents import DOCUMENTS, document, encode

MOST: Final = 4
"""Documents kept of one vehicle, so that files of a few are overfull."""
SHIPPED = load_policy().tables


@functools.cache
def catalogue(seed: int) -> Catalogue:
    """The detectors by the shipped policy with thresholds of screens moved, a few at a time."""
    dice = Random(seed)
    tables = {name: dict(section) for name, section in SHIPPED.items()}
    tables["history"]["maximum_documents"] = MOST
    for rule in RULES:
        section = tables[rule.spec.id]
        for name in _thresholds(rule.spec.screen):
            if dice.random() < 0.5 and isinstance(section[name], int | float):
                section[name] = type(section[name])(section[name] * dice.choice((0.5, 1, 2, 4)))
        section["enabled"] = True
    if "strong_km" in tables["zero_mileage_export"]:
        tables["zero_mileage_export"]["strong_km"] = 0
    return Catalogue(Policy(tables, DECLARED))


def _thresholds(screen: Screen) -> Iterator[str]:
    for case in screen.cases:
        for condition in case.conditions:
            if isinstance(condition, Limit):
                yield condition.parameter
            elif isinstance(condition, ImplausibleVin):
                yield condition.years


@dataclass(frozen=True)
class Vehicle:
    """What was published under a VIN, and what is live of it."""

    published: tuple[Document, ...]
    """Without exact repetitions."""
    history: VehicleHistory

    def summary(self, most: int = MOST) -> Summary:
        return Summary.of(self.history.vin, self.published, most)


def vehicle(documents: list[Document], most: int = MOST) -> Vehicle:
    """File all documents of one vehicle, under the VIN of the first."""
    vin = documents[0].vin
    documents = [msgspec.structs.replace(document, vin=vin) for document in documents]
    filed: list[FiledDocument] = []
    for one in documents:
        file_document(filed, one)
    overfull = trim(filed, most)
    distinct = {msgspec.msgpack.encode(one): one for one in documents}
    return Vehicle(tuple(distinct.values()), VehicleHistory(vin, filed, overfull=overfull))


def fires(detector: Detector[Any], history: VehicleHistory) -> bool:
    return bool(history.documents) and any(True for _ in detector.judge(history))


SEEDS_OF_POLICIES = st.integers(0, 15)
LIVES = st.lists(DOCUMENTS.map(lambda entry: decode(encode(entry))), min_size=1, max_size=8)


@given(LIVES, SEEDS_OF_POLICIES)
def test_what_fires_has_passed_the_screen(documents: list[Document], seed: int):
    one = vehicle(documents)
    summary = one.summary()
    for detector in catalogue(seed).detectors.values():
        if fires(detector, one.history):
            assert detector.concerns(one.history), detector.spec.id
            assert detector.passes(summary), (detector.spec.id, summary)


@given(DOCUMENTS.map(lambda entry: decode(encode(entry))), SEEDS_OF_POLICIES)
def test_a_vehicle_of_one_document_is_settled_only_where_nothing_is_found(one: Document, seed: int):
    if catalogue(seed).settles(one):
        history = VehicleHistory.of(one.vin, [one])
        assert not [each.spec.id for each in catalogue(seed).detectors.values() if fires(each, history)]


def test_one_document_sums_up_as_several_do():
    lives = [one.published[0] for one in population() if len(one.published) == 1]
    assert {content_of(one) for one in lives} > {Content.INITIAL, Content.TRANSFER}
    for one in lives:
        lone, summary = LoneDocument(one, content_of(one)), Summary.of(one.vin, [one], MOST)
        for name in Summary.__struct_fields__:
            assert getattr(lone, name) == getattr(summary, name), name


def test_most_vehicles_of_one_document_are_settled():
    firsts = [one.published[0] for one in population() if len(one.published) == 1]
    settled = [one for one in firsts if catalogue(0).settles(one)]
    assert len(settled) > len(firsts) / 10


@given(LIVES, LIVES, SEEDS_OF_POLICIES)
def test_one_more_document_never_closes_a_screen(
    documents: list[Document], more: list[Document], seed: int
):
    before, after = vehicle(documents).summary(), vehicle([*documents, more[0]]).summary()
    for detector in catalogue(seed).detectors.values():
        assert detector.passes(after) or not detector.passes(before), detector.spec.id


@functools.cache
def population() -> list[Vehicle]:
    """Lives by seed, a VIN each, and those of the fixtures."""
    known = [vehicle([decode(encode(document(seed)))]) for seed in range(500)]
    for seed in range(2_500):
        dice = Random(seed)
        drawn = [decode(encode(document(dice.getrandbits(32)))) for _ in range(dice.randint(1, 6))]
        vin = dice.choice((f"LSVAU{seed % 10}80N{seed:07}", drawn[0].vin, f"N{seed}"))
        drawn = [msgspec.structs.replace(one, vin=vin) for one in drawn]
        if dice.random() < 0.5:
            drawn.append(drawn[-1])
        known.append(vehicle(drawn))
    for name in NAMES:
        files: defaultdict[str, list[Document]] = defaultdict(list)
        for line in stream(name, "firing").lines:
            one = decode(line)
            files[one.vin].append(one)
        for documents in files.values():
            known.append(vehicle(documents, 64))
            known += [vehicle([one]) for one in documents]
    return known + list(on_the_border())


def on_the_border() -> Iterator[Vehicle]:
    """Odometers that fall by a kilometre more than they may."""
    tolerance = load_policy().parameters[OdometerRollback.spec.id].tolerance_km
    entries = [
        document(1)
        | {"event_type": "registration", "kind": "transfer", "occurred_at": f"2026-01-0{day}"}
        | {"event_id": f"e{day}", "odometer_km": kilometres, "odometer_status": "read"}
        for day, kilometres in ((1, 10_000), (2, 9_999 - tolerance))
    ]
    yield vehicle([decode(encode(entry)) for entry in entries])


def rows(number: int, one: Vehicle) -> Iterator[tuple[Any, ...]]:
    """What a ledger says of the vehicle's documents."""
    identities = [(each.source, each.event_id) for each in one.published]
    revisions = [(each.source, each.event_id, each.revision) for each in one.published]
    said: set[tuple[Any, ...]] = set()
    for each, identity, revision in zip(one.published, identities, revisions, strict=True):
        seen = ScreenedDocument.of(each)
        again = Content.CONTESTED if identities.count(identity) > 1 else Content.NOTHING
        again |= Content.CONFLICTING if revisions.count(revision) > 1 else Content.NOTHING
        content = seen.content & ~SALE_DOCUMENTS if seen.sold in said else seen.content
        said.add(seen.sold)
        columns = seen._replace(content=content | again)._asdict()
        columns["day"] = date.fromordinal(seen.day)
        yield (number, each.vin, vin_fault(each.vin), *columns.values())


@pytest.mark.parametrize("seed", range(3))
def test_sql_says_what_the_predicate_says(seed: int):
    with duckdb.connect() as database:
        known = population()
        told = [row for number, one in enumerate(known) for row in rows(number, one)]
        columns = ("number", "vin", "vin_fault", *ScreenedDocument._fields)
        table = dict(zip(columns, zip(*told, strict=True), strict=True))
        database.register("ledger", pyarrow.table({k: list(v) for k, v in table.items()}))
        grouped = (
            f"SELECT * REPLACE ({overfull_sql(MOST)} AS content) FROM "
            f"(SELECT number, vin, {summary_sql()} FROM ledger GROUP BY number, vin)"
        )
        contested = f"bit_or(content) & {Content.CONTESTED}"
        plain = f"SELECT number FROM ledger GROUP BY number HAVING {contested} = 0"
        alone = grouped.replace(summary_sql(), summary_sql(alone=True))
        among = f"FROM ({{}}) WHERE number IN ({plain})"
        compared = f"(SELECT * {among.format(grouped)}) EXCEPT (SELECT * {among.format(alone)})"
        one = "SELECT number FROM ledger GROUP BY number HAVING count(*) = 1"
        lone = f"(SELECT number, vin, {summary_sql()} FROM ledger GROUP BY number, vin)"
        ungrouped = f"(SELECT number, vin, {lone_sql()} FROM ledger)"
        of_one = f"WHERE number IN ({one})"
        assert database.execute(one).fetchall()
        names = f"number, vin, {', '.join(Summary.__struct_fields__[1:])}"
        assert not database.execute(
            f"SELECT {names} FROM {lone} {of_one} EXCEPT SELECT {names} FROM {ungrouped} {of_one}"
        ).fetchall()
        assert database.execute(plain).fetchall()
        assert not database.execute(compared).fetchall()
        summaries = dict(enumerate(one.summary() for one in known))
        names = Summary.__struct_fields__
        for number, *values in database.execute(
            f"SELECT number, {', '.join(names)} FROM ({grouped})"
        ).fetchall():
            assert values == [getattr(summaries[number], name) for name in names]
        for detector in catalogue(seed).detectors.values():
            query = f"SELECT number FROM ({grouped}) WHERE {detector.screen_sql()}"
            passed = {number for (number,) in database.execute(query).fetchall()}
            expected = {number for number, summary in summaries.items() if detector.passes(summary)}
            assert passed == expected, detector.spec.id


def test_what_cannot_be_told_passes():
    parameters = load_policy().parameters
    with duckdb.connect() as database:
        nothing = ", ".join(f"NULL AS {name}" for name in Summary.__struct_fields__)
        for rule in RULES:
            query = f"SELECT {rule.spec.screen.sql(parameters[rule.spec.id])} FROM (SELECT {nothing})"
            assert database.execute(query).fetchall() == [(True,)], rule.spec.id


@dataclass(frozen=True)
class Stricter:
    """A limit that is one unit narrower than the threshold."""

    limit: Limit

    def holds(self, summary: Summary, parameters: Any) -> bool:
        step = -1 if self.limit.relation.startswith("<") else 1
        moved = getattr(parameters, self.limit.parameter) + step
        return self.limit.holds(
            summary, msgspec.structs.replace(parameters, **{self.limit.parameter: moved})
        )


@dataclass(frozen=True)
class StricterVin:
    """The condition on a VIN without one of the faults, or with a year more that is plausible."""

    condition: ImplausibleVin
    without: int | None

    def holds(self, summary: Summary, parameters: Any) -> bool:
        if self.without is not None:
            fault = 0 if summary.fault == self.without else summary.fault
            return self.condition.holds(msgspec.structs.replace(summary, fault=fault), parameters)
        years = self.condition.years
        moved = msgspec.structs.replace(parameters, **{years: getattr(parameters, years) + 1})
        return self.condition.holds(summary, moved)


_KINDS: Final = SALE_DOCUMENTS | Content.DEREGISTRATION | Content.USED_EXPORT
"""Bits that take a document each."""


def tightened(screen: Screen) -> Iterator[tuple[str, Screen]]:
    """The screen with one thing made stricter, in every way there is."""
    for place, case in enumerate(screen.cases):
        yield f"without case {place}", _with(screen, place, None)
        least = max(case.documents, (case.content & _KINDS).bit_count())
        least += bool(case.content & (Content.CONTESTED | Content.CONFLICTING))
        more = dataclasses.replace(case, documents=least + 1)
        if len(screen.cases) == 1 and case.content != Content.OVERFULL:
            yield f"case {place}: one document more", _with(screen, place, more)
        for number, condition in enumerate(case.conditions):
            if isinstance(condition, Limit):
                narrower: list[Any] = [Stricter(condition)]
            elif isinstance(condition, ImplausibleVin):
                narrower = [StricterVin(condition, fault) for fault in (None, 1, 2)]
            else:
                assert isinstance(condition, Marked)
                continue  # nothing lies between a mark and no case
            for one in narrower:
                conditions = (*case.conditions[:number], one, *case.conditions[number + 1 :])
                yield (
                    f"case {place}: {one}",
                    _with(screen, place, dataclasses.replace(case, conditions=conditions)),
                )


def _with(screen: Screen, place: int, case: ScreenCase | None) -> Screen:
    cases = [*screen.cases]
    cases[place : place + 1] = [] if case is None else [case]
    return Screen(tuple(cases) or (ScreenCase(documents=1_000_000),))


WITNESSED = [
    pytest.param(rule, screen, id=f"{rule.spec.id}: {what}")
    for rule in RULES
    for what, screen in tightened(rule.spec.screen)
]


@functools.cache
def parameters_of(rule: type[Detector[Any]]) -> Any:
    """The shipped thresholds, and a destination that is closed to all cars."""
    parameters = load_policy().parameters[rule.spec.id]
    if not isinstance(parameters, RestrictedDestinationParameters):
        return parameters
    closed = msgspec.structs.replace(
        parameters.restrictions[0], id="closed", brands=(), minimum_age_days=None
    )
    return msgspec.structs.replace(parameters, restrictions=(*parameters.restrictions, closed))


@functools.cache
def firing(rule: type[Detector[Any]]) -> list[Vehicle]:
    detector = rule(parameters_of(rule))
    return [one for one in population() if fires(detector, one.history)]


@pytest.mark.parametrize(("rule", "narrower"), WITNESSED)
def test_a_screen_that_is_tightened_by_one_hides_something(rule: type[Detector[Any]], narrower: Screen):
    """The test above must see it: something fires that the narrower screen does not let through."""
    parameters = parameters_of(rule)
    assert firing(rule), "nothing fires"
    assert all(rule.spec.screen.holds(one.summary(), parameters) for one in firing(rule))
    assert any(not narrower.holds(one.summary(), parameters) for one in firing(rule))


@pytest.mark.parametrize("rule", RULES)
def test_a_screen_is_told_in_words(rule: type[Detector[Any]]):
    assert all(words and "None" not in words for words in rule.spec.screen.words())
