"""The engine: batches of raw documents in, alert changes and dead letters out.

It knows no broker and no file. The embedded job and the streaming service drive the same object.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from detectors.alerts import Cause
from detectors.decoding import decode
from detectors.documents import EVENT_TYPES, CustomsExport, Document
from detectors.errors import DocumentError
from detectors.exports import ExportChange, counted_export, hardly_used
from detectors.filing import FiledDocument, FilingOutcome
from detectors.history import VehicleHistory
from detectors.identities import Decode
from detectors.judging import Judgement, judge_histories
from detectors.policy import Policy
from detectors.registry import Catalogue
from detectors.vin import NoCar, no_car
from detectors.watermarks import Watermarks
from streams.engine.alert_changes import AlertChanges, JudgedVehicle
from streams.engine.received import Progress, ValidatedBatch, check_key, file_received
from streams.engine.results import Counters, RawDocument, RefusedDocument, Result
from streams.engine.vin_corrections import VinCorrections
from streams.setup.clock import utc_now
from streams.state import record as records
from streams.state.record import VehicleRecord
from streams.state.store import StateStore

_AT_ONCE: Final = 64
"""Vehicles that are taken from their documents to their records before the next ones: with thousands
at once the engine takes a tenth longer."""

_IN_BULK: Final = 5_000
"""Vehicles that wait for one another for a forest, at most: they are in memory meanwhile."""


class Engine:
    """Joins documents per vehicle, judges the histories and reports what changed.

    Parameters
    ----------
    catalogue
        The detectors.
    store
        Where vehicle records lie.
    watermarks
        How far the feeds are complete; shared between engines where several work side by side.
    corrections
        Splits amendments that change the VIN, where one engine sees all vehicles.
    keyed
        Whether every document must carry its VIN as key: under another key it would lie in a
        partition apart from the rest of its vehicle.
    decode
        Reads a document, with digests for ids where a key is set.
    clock
        Wall clock for ``detected_at``, which no finding depends on.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        store: StateStore,
        *,
        watermarks: Watermarks | None = None,
        corrections: VinCorrections | None = None,
        keyed: bool = False,
        decode: Decode = decode,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.catalogue = catalogue
        self.store = store
        self.watermarks = watermarks or Watermarks(
            catalogue.policy.watermarks, country=catalogue.policy.country
        )
        self.counters = Counters()
        self._corrections = corrections
        self._keyed = keyed
        self._decode = decode
        self._clock = clock
        self._limits = catalogue.policy.history
        self._hardly_used = hardly_used(catalogue.policy)
        self._changes = AlertChanges(catalogue, self.counters)
        self._judged_at = self._progress()

    @property
    def policy(self) -> Policy:
        """By which it judges."""
        return self.catalogue.policy

    def process(self, batch: Iterable[RawDocument]) -> Result:
        """Take a batch of documents in; every vehicle in it is judged once."""
        return self.process_batch(self.validate(batch))

    def validate(
        self, batch: Iterable[RawDocument], received: ValidatedBatch | None = None
    ) -> ValidatedBatch:
        """Read and validate a batch, and note how far it brings the feeds.

        Parameters
        ----------
        batch
            The documents.
        received
            Batches before it that are to be concluded together with it.
        """
        if received is None:
            received = ValidatedBatch(self._progress())
        result = received.result
        read = (
            (FiledDocument(document, raw.position), raw.written_ms)
            for raw in batch
            if (document := self._read(raw, result)) is not None
        )
        return self.receive(read, received)

    def receive(
        self, read: Iterable[tuple[FiledDocument, int]], received: ValidatedBatch | None = None
    ) -> ValidatedBatch:
        """Note how far documents that somebody has read and validated bring the feeds.

        Parameters
        ----------
        read
            The documents, with the milliseconds since 1970 at which they were written, 0 for unknown.
        received
            Batches before it that are to be concluded together with it.
        """
        if received is None:
            received = ValidatedBatch(self._progress())
        published = received.published
        for entry, written_ms in read:
            document = entry.document
            self.watermarks.observe(document, written_ms)
            entries = published.get(document.vin)
            if entries is not None:
                entries.append(entry)
            elif (why := self._no_car(document.vin)) is None:
                published[document.vin] = [entry]
            else:
                received.result.of_no_car[document.source, why] += 1
                received.result.filed[document.event_type, FilingOutcome.OF_NO_CAR] += 1
            if self._corrections is not None:
                for withdrawal in self._corrections.withdrawals(document):
                    self.counters.vin_corrections += 1
                    if self._no_car(withdrawal.vin) is None:
                        received.withdraw(withdrawal)
        return received

    def process_batch(self, received: ValidatedBatch) -> Result:
        """File what was received, judge its vehicles, and those whose time has come."""
        now = self._clock()
        detected_at = now.isoformat()
        today = self.policy.country.day_of_instant(int(now.timestamp() * 1000))
        files = (self._file(vin, received, today) for vin in received.published)
        self._judge_cases((case for case in files if case is not None), received.result, detected_at)
        self._meet_deadlines(received.result, detected_at)
        self.counters.count(received.result)
        return received.result

    def file(self, received: ValidatedBatch) -> Result:
        """File what was received and judge nothing yet: that is for `rejudge`, once all has come."""
        today = self.policy.country.day_of_instant(int(self._clock().timestamp() * 1000))
        for vin in received.published:
            case = self._file(vin, received, today)
            if case is not None:
                self.store.put(vin, records.encode(case.record))
        self.counters.count(received.result)
        return received.result

    def declare_complete(self, day: int) -> Result:
        """Take every feed as complete through a civil day, and judge what was waiting for it."""
        self.watermarks.declare_complete(day)
        return self.catch_up()

    def catch_up(self) -> Result:
        """Judge the vehicles whose deadlines the watermarks have crossed since the last batch."""
        result = Result()
        self._meet_deadlines(result, self._clock().isoformat())
        return result

    def rejudge(self, vins: Iterable[str], cause: Cause = "reconfigured") -> Result:
        """Judge stored vehicles: after the policy or a model has changed, state was read or filed."""
        result = Result()
        self._judge_stored(vins, cause, result, self._clock().isoformat())
        return result

    def reconfigure(self, catalogue: Catalogue) -> Result:
        """Go on with other detectors, another policy or model, and judge every vehicle by them."""
        self.adopt(catalogue)
        return self.rejudge(self.store.vins())

    def adopt(self, catalogue: Catalogue) -> None:
        """Judge by another catalogue from now on; the caller has the stored vehicles judged again."""
        self.catalogue = self._changes.catalogue = catalogue
        self._limits = catalogue.policy.history
        self._hardly_used = hardly_used(catalogue.policy)

    def close(self, vin: str, record: VehicleRecord) -> Result:
        """Resolve what stands of a vehicle whose documents leave the state."""
        result = Result()
        nothing = Judgement(_history(vin, record), [], {}, {})
        case = JudgedVehicle(vin, record, "deadline_passed")
        self._changes.report(case, nothing, result, self._clock().isoformat())
        return result

    def history(self, vin: str) -> VehicleHistory | None:
        """History of a vehicle, ``None`` if it is not known."""
        data = self.store.get(vin)
        return None if data is None else _history(vin, records.decode(data))

    def _read(self, raw: RawDocument, result: Result) -> Document | None:
        self.counters.read += 1
        try:
            document = self._decode(raw.value)
            if self._keyed:
                check_key(raw.key, document)
        except DocumentError as error:
            self.counters.dead_lettered[error.reason] += 1
            # They hold the frames that hold the batch: it would stay until cycles are looked for.
            error.__traceback__ = error.__context__ = None
            result.dead_letters.append(RefusedDocument(raw, error))
            return None
        return document

    def _file(self, vin: str, received: ValidatedBatch, today: int) -> JudgedVehicle | None:
        most = self._limits.maximum_documents
        return file_received(vin, received, self.store.get(vin), most, today)

    def _no_car(self, vin: str) -> NoCar | None:
        return no_car(vin, self._limits.words_for_no_car)

    def _judge_stored(
        self, vins: Iterable[str], cause: Cause, result: Result, detected_at: str
    ) -> None:
        stored = ((vin, data) for vin in vins if (data := self.store.get(vin)) is not None)
        cases = (JudgedVehicle(vin, records.decode(data), cause, data) for vin, data in stored)
        self._judge_cases(cases, result, detected_at)

    def _judge_cases(self, cases: Iterable[JudgedVehicle], result: Result, detected_at: str) -> None:
        """Judge vehicles, report what changed and keep their records.

        A few at a time, so that what is made of them is still in the processor's cache when it is
        read; those that a forest looks at wait for one another.
        """
        few: list[tuple[JudgedVehicle, VehicleHistory]] = []
        many: list[tuple[JudgedVehicle, VehicleHistory]] = []
        for case in cases:
            if self._is_settled(case):
                self._keep(case)
                continue
            history = _history(case.vin, case.record)
            in_bulk = self.catalogue.judges_in_bulk(history)
            pile, most = (many, _IN_BULK) if in_bulk else (few, _AT_ONCE)
            pile.append((case, history))
            if len(pile) == most:
                self._judge_together(pile, result, detected_at)
                pile.clear()
        self._judge_together(few, result, detected_at)
        self._judge_together(many, result, detected_at)

    def _judge_together(
        self, pile: list[tuple[JudgedVehicle, VehicleHistory]], result: Result, detected_at: str
    ) -> None:
        histories = [history for _, history in pile]
        judgements = judge_histories(self.catalogue, self.watermarks, histories)
        waiting = self._changes.deadlines
        for (case, history), judgement in zip(pile, judgements, strict=True):
            record = case.record
            if history.used_exports or record.export is not None:
                self._count_export(history, record, result)
            # Most vehicles are ordinary: nothing is found, and nothing was before.
            if judgement.findings or judgement.failed or record.alerts or case.vin in waiting:
                self._changes.report(case, judgement, result, detected_at)
            self._keep(case)

    def _is_settled(self, case: JudgedVehicle) -> bool:
        """Whether nothing can be said of a vehicle now, and nothing was before: it needs no opening."""
        record = case.record
        if len(record.filed) != 1 or record.alerts or record.overfull or record.export is not None:
            return False
        [entry] = record.filed
        if entry.contested or entry.superseded or isinstance(entry.document, CustomsExport):
            return False
        return case.vin not in self._changes.deadlines and self.catalogue.settles(entry.document)

    def _keep(self, case: JudgedVehicle) -> None:
        """Write a vehicle's record, if it is another than it was.

        A worker that starts judges all its vehicles again; most come out as they were.
        """
        judged = records.encode(case.record)
        if judged != case.stored:
            self.store.put(case.vin, judged)

    def _count_export(self, history: VehicleHistory, record: VehicleRecord, result: Result) -> None:
        """Note a change of the export that the vehicle counts for."""
        before, record.export = record.export, counted_export(history, self._hardly_used)
        if record.export != before:
            result.exports.append(ExportChange(history.vin, before, record.export))

    def _meet_deadlines(self, result: Result, detected_at: str) -> None:
        before, self._judged_at = self._judged_at, self._progress()
        for feed in EVENT_TYPES:
            due = self._changes.deadlines.between(feed, before[feed], self._judged_at[feed])
            self._judge_stored(due, "deadline_passed", result, detected_at)

    def _progress(self) -> Progress:
        return {feed: self.watermarks.complete_through(feed) for feed in EVENT_TYPES}


def _history(vin: str, record: VehicleRecord) -> VehicleHistory:
    return VehicleHistory(vin, record.filed, overfull=record.overfull)
