"""`feeds`: rows of a register into documents, beside Python's `csv` over the same file."""

import csv
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from streams.feeds.compiling import compile_feed
from streams.feeds.converting import Conversion
from streams.feeds.loading import load_feed, parse_feed
from streams.feeds.trial import Trial
from tests.benchmarks.quantities import ROWS_PER_CPU_SECOND
from tests.benchmarks.results import Report, Rounds
from tests.benchmarks.surroundings import look_around

ALONE: Final = "csv of the standard library"
PLAIN: Final = "convert, a feed of six fields"
SHIPPED: Final = "convert, ua-mvs"
CHECKED: Final = "check, ua-mvs"

PLAIN_FEED: Final = """
title = "plain"
source = "plain"
country = "UA"
timezone = "Europe/Kyiv"
[container]
kind = "csv"
delimiter = ";"
[columns]
vin = "VIN"
day = "D_REG"
code = { names = ["OPER_CODE"], codes = "operations" }
brand = "BRAND"
model = "MODEL"
plate = "N_REG_NEW"
[[document]]
type = "registration"
vin = { columns = ["vin"] }
occurred_at = { column = "day", formats = ["dd.mm.yyyy"] }
kind = "code"
brand = "brand"
model = "model"
plate = "plate"
[codes.operations.values]
"105" = "initial"
"315" = "transfer"
"530" = "ignore"
"""
_HEADER: Final = (
    "PERSON", "REG_ADDR_KOATUU", "OPER_CODE", "OPER_NAME", "D_REG", "DEP_CODE", "DEP", "BRAND", "MODEL",
    "VIN", "MAKE_YEAR", "COLOR", "KIND", "BODY", "PURPOSE", "FUEL", "CAPACITY", "OWN_WEIGHT",
    "TOTAL_WEIGHT", "N_REG_NEW",
)  # fmt: skip
_OPERATIONS: Final = (
    ("105", "ПЕРВИННА РЕЄСТРАЦІЯ НОВОГО ТЗ ПРИДБАНОГО В ТОРГОВЕЛЬНІЙ ОРГАНІЗАЦІЇ"),
    ("315", "ПЕРЕРЕЄСТРАЦІЯ ТЗ НА НОВ. ВЛАСН. ПО ДОГОВОРУ УКЛАДЕНОМУ В ТСЦ"),
    ("530", "ЗНЯТТЯ З ОБЛІКУ ДЛЯ РЕАЛІЗАЦІЇ"),
)
_MODELS: Final = (("BYD", "SEAL"), ("SKODA", "OCTAVIA"), ("RENAULT", "MEGANE"), ("TESLA", "MODEL 3"))


def write_register(path: Path, rows: int, seed: int) -> None:
    """Write operations in the form of Ukraine's register: every value quoted, no row of a real car."""
    draw = Random(seed)
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(_HEADER)
        for row in range(rows):
            code, name = _OPERATIONS[min(draw.randrange(10), 2) if row % 9 == 0 else row % 2]
            brand, model = draw.choice(_MODELS)
            office = draw.choice(("80", "32", "46", "51", "63"))
            writer.writerow(
                (
                    draw.choice("PJ"), f"{office}36100000", code, name,
                    f"{draw.randrange(1, 29):02}.{draw.randrange(1, 13):02}.2025", f"{office}41",
                    f"ТСЦ {office}41", brand, model, "".join(draw.choices(letters, k=17)),
                    str(draw.randrange(2005, 2026)), "СІРИЙ", "ЛЕГКОВИЙ", "УНІВЕРСАЛ", "ЗАГАЛЬНИЙ",
                    draw.choice(("БЕНЗИН", "ЕЛЕКТРО", "")), "1498", "1390", "1915",
                    f"КА{draw.randrange(10_000):04}ММ",
                )
            )  # fmt: skip


def _alone(path: Path) -> None:
    with path.open(newline="", encoding="utf-8") as file:
        for _ in csv.reader(file, delimiter=";"):
            pass


def _converter(text: str | None) -> Callable[[Path], None]:
    feed = compile_feed(load_feed("ua-mvs") if text is None else parse_feed(text, "plain"))

    def convert(path: Path) -> None:
        with Path("/dev/null").open("wb") as nowhere:
            nowhere.writelines(Conversion(feed).blocks([path]))

    return convert


def _check(path: Path) -> None:
    Trial(compile_feed(load_feed("ua-mvs"))).run([path])


def measure_feeds(rows: int, seed: int, repetitions: int) -> Report:
    """Convert and check a register's file, in turn with the standard library's reader alone."""
    passes: dict[str, Callable[[Path], None]] = {
        ALONE: _alone,
        PLAIN: _converter(PLAIN_FEED),
        SHIPPED: _converter(None),
        CHECKED: _check,
    }
    rounds = Rounds()
    with TemporaryDirectory(prefix="zeromile-bench-") as folder:
        path = Path(folder, "register.csv")
        write_register(path, rows, seed)
        size = path.stat().st_size
        for _ in range(repetitions):
            for name, run in passes.items():
                begun = time.process_time()
                run(path)
                rounds.add(name, {ROWS_PER_CPU_SECOND: rows / (time.process_time() - begun)})
    return Report(
        benchmark="feeds",
        title=f"Making documents of {rows:,} rows, {size / 1e6:.0f} MB of CSV",
        headline=ROWS_PER_CPU_SECOND.name,
        settings={"rows": rows, "seed": seed, "repetitions": repetitions},
        surroundings=look_around(),
        rows=rounds.rows(beside=ALONE),
        notes=["One process; documents are written to nowhere. 20 columns, all quoted, in Cyrillic."],
    )
