"""Columns of documents to JSON, in bulk."""

import datetime
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET

from streams.simulator import documents
from streams.simulator.block import Block
from streams.simulator.calendars import IntArray
from streams.simulator.delays import DAY, EVENING
from streams.simulator.places import PLATE_LETTERS, PROVINCE_CODES
from streams.simulator.tables import Column
from streams.simulator.world import FUELS

_FIRST_DATE = datetime.date(2000, 1, 1).toordinal()
_LAST_DATE = datetime.date(2040, 1, 1).toordinal()
_DATES = np.array(
    [datetime.date.fromordinal(day).isoformat() for day in range(_FIRST_DATE, _LAST_DATE)],
    dtype=object,
)
_CLOCK = np.array(
    [f"T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}" for second in range(DAY)],
    dtype=object,
)
_SHANGHAI_SECONDS = 8 * 3600
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_HS_CODES = np.array(
    ["8703234110", "8703323110", "8703403110", "8703603110", "8703603110", "8703801090", "8703900090"],
    dtype=object,
)
_encode = msgspec.json.Encoder().encode


def identity_texts(codes: IntArray, salt: int) -> list[Any]:
    """Opaque 16-digit ids of parties; -1 means absent."""
    mixed = codes.astype(np.uint64) + np.uint64(salt)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return [
        f"{number:016x}" if code >= 0 else UNSET
        for number, code in zip(mixed.tolist(), codes.tolist(), strict=True)
    ]


def _pick(choices: Iterable[str], codes: Column) -> list[Any]:
    """Texts by number; -1 means absent."""
    table = np.array([*choices, UNSET], dtype=object)
    picked: list[Any] = table[codes.astype(np.int64)].tolist()
    return picked


def _present(values: Column) -> list[Any]:
    """Numbers, absent where negative or not a number."""
    absent = np.isnan(values) if values.dtype.kind == "f" else values < 0
    listed = values.astype(object)
    listed[absent] = UNSET
    result: list[Any] = listed.tolist()
    return result


def _dates(days: Column) -> list[Any]:
    listed = _DATES[np.maximum(days.astype(np.int64) - _FIRST_DATE, 0)]
    listed[days < 0] = UNSET
    result: list[Any] = listed.tolist()
    return result


def _stamps(seconds: Column) -> list[str]:
    day, second = np.divmod(seconds.astype(np.int64), DAY)
    stamps: list[str] = (_DATES[day - _FIRST_DATE] + _CLOCK[second] + "+08:00").tolist()
    return stamps


def _customs_times(day: Column, event: Column) -> list[str]:
    """Declarations carry a clock time; every fourth in UTC, which may be the civil day before."""
    second = (event.astype(np.int64) * 7919) % EVENING
    universal = event % 4 == 0
    moment = day.astype(np.int64) * DAY + second - np.where(universal, _SHANGHAI_SECONDS, 0)
    date, clock = np.divmod(moment, DAY)
    zone = np.array(["+08:00", "Z"], dtype=object)[universal.astype(np.int64)]
    stamps: list[str] = (_DATES[date - _FIRST_DATE] + _CLOCK[clock] + zone).tolist()
    return stamps


def _numbered(prefix: str, digits: int, codes: Column) -> list[Any]:
    modulus = 10**digits
    return [f"{prefix}{code % modulus:0{digits}d}" if code >= 0 else UNSET for code in codes.tolist()]


def _plates(codes: Column, provinces: Column) -> list[Any]:
    letters = tuple(PLATE_LETTERS.values())
    size = len(_ALPHABET)
    plates: list[Any] = []
    for code, province in zip(codes.tolist(), provinces.tolist(), strict=True):
        if code < 0 or province < 0:
            plates.append(UNSET)
            continue
        text = letters[province] + _ALPHABET[code % 20]
        for _ in range(5):
            code //= size  # noqa: PLW2901 - digits of one number
            text += _ALPHABET[code % size]
        plates.append(text)
    return plates


class Encoder:
    """Writes the documents of a block as JSON documents.

    Parameters
    ----------
    block
        The block, with its vehicles' final state.
    vins
        Texts by vehicle row, then the mistyped texts by vehicle row.
    number
        The block's number (event ids are unique through it).
    salt
        Makes the opaque ids differ from seed to seed.
    """

    def __init__(self, block: Block, vins: list[str], number: int, salt: int) -> None:
        self._block = block
        self._vins = np.array(vins, dtype=object)
        self._number = number
        self._salt = salt
        brands = block.world.brands
        fleet = block.fleet
        self._brand = np.array(brands.names, dtype=object)[fleet.brand]
        self._model = np.array(brands.model_names, dtype=object)[fleet.model]
        self._fuel = np.array(FUELS, dtype=object)[fleet.fuel]

    def encode(self, table: str, columns: dict[str, Column], recorded: IntArray) -> list[bytes]:
        """Encode all documents of one table."""
        writers: dict[str, Callable[[dict[str, Column], IntArray], list[bytes]]] = {
            "registration": self._registrations,
            "deregistration": self._deregistrations,
            "customs_export": self._customs_exports,
        }
        return writers[table](columns, recorded) if len(recorded) else []

    def _ids(self, letter: str, columns: dict[str, Column]) -> list[str]:
        prefix = f"{letter}{self._number:05d}"
        return [f"{prefix}{event:07d}" for event in columns["event"].tolist()]

    def _vin(self, columns: dict[str, Column]) -> list[str]:
        row = columns["vehicle"] + columns["alias"] * len(self._block.fleet.index)
        texts: list[str] = self._vins[row.astype(np.int64)].tolist()
        return texts

    def _registrations(self, columns: dict[str, Column], recorded: IntArray) -> list[bytes]:
        vehicle = columns["vehicle"].astype(np.int64)
        count = len(vehicle)
        made = map(
            documents.RegistrationDocument,
            self._ids("R", columns),
            _pick(documents.SOURCES["registration"], columns["source"]),
            ["registration"] * count,
            self._vin(columns),
            _dates(columns["day"]),
            _stamps(recorded),
            _pick(documents.KINDS, columns["kind"]),
            columns["revision"].tolist(),
            _status(columns),
            _pick(PROVINCE_CODES, columns["province"]),
            identity_texts(columns["owner"], self._salt),
            _pick(documents.OWNER_TYPES, columns["owner_type"]),
            identity_texts(columns["seller"], self._salt),
            _present(columns["price"]),
            _numbered("", 20, columns["invoice"]),
            _present(columns["odometer"]),
            _pick(documents.READINGS, columns["read"]),
            self._brand[vehicle].tolist(),
            self._model[vehicle].tolist(),
            self._fuel[vehicle].tolist(),
            _pick(documents.USES, columns["use"]),
            _plates(columns["plate"], columns["province"]),
        )
        return list(map(_encode, made))

    def _deregistrations(self, columns: dict[str, Column], recorded: IntArray) -> list[bytes]:
        made = map(
            documents.DeregistrationDocument,
            self._ids("D", columns),
            _pick(documents.SOURCES["deregistration"], columns["source"]),
            ["deregistration"] * len(recorded),
            self._vin(columns),
            _dates(columns["day"]),
            _stamps(recorded),
            _pick(documents.REASONS, columns["reason"]),
            columns["revision"].tolist(),
            _status(columns),
            _pick(PROVINCE_CODES, columns["province"]),
            identity_texts(columns["owner"], self._salt),
        )
        return list(map(_encode, made))

    def _customs_exports(self, columns: dict[str, Column], recorded: IntArray) -> list[bytes]:
        vehicle = columns["vehicle"].astype(np.int64)
        world = self._block.world
        gates = [
            world.gates[destination][gate % len(world.gates[destination])]
            for destination, gate in zip(
                columns["destination"].tolist(), columns["gate"].tolist(), strict=True
            )
        ]
        made = map(
            documents.CustomsExportDocument,
            self._ids("C", columns),
            _pick(documents.SOURCES["customs_export"], columns["source"]),
            ["customs_export"] * len(vehicle),
            self._vin(columns),
            _customs_times(columns["day"], columns["event"]),
            _stamps(recorded),
            [
                f"{gate}{number}"
                for gate, number in zip(gates, _numbered("", 14, columns["declaration"]), strict=True)
            ],
            identity_texts(columns["exporter"], self._salt),
            _pick(world.destinations, columns["destination"]),
            _pick(documents.CONDITIONS, columns["condition"]),
            columns["revision"].tolist(),
            _status(columns),
            _pick(PROVINCE_CODES, columns["exporter_province"]),
            _pick(PROVINCE_CODES, columns["source_province"]),
            gates,
            _present(columns["value"]),
            _present(columns["odometer"]),
            _pick(documents.READINGS, columns["read"]),
            _HS_CODES[self._block.fleet.fuel[vehicle]].tolist(),
            _pick(documents.TRADE_MODES, columns["trade_mode"]),
            _numbered("", 12, columns["licence"]),
            _dates(columns["licence_day"]),
            _letters(columns["letter"]),
            _dates(columns["exited"]),
            self._brand[vehicle].tolist(),
            self._model[vehicle].tolist(),
            self._fuel[vehicle].tolist(),
        )
        return list(map(_encode, made))


def _status(columns: dict[str, Column]) -> list[Any]:
    return _pick(
        ("valid", "void"), np.where(columns["void"] > 0, 1, np.where(columns["revision"] > 0, 0, -1))
    )


def _letters(codes: Column) -> list[Any]:
    table = np.array([False, True, UNSET], dtype=object)
    letters: list[Any] = table[codes.astype(np.int64)].tolist()
    return letters
