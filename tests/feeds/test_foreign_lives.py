"""Ordinary lives in other countries' registers: no detector and no forest accuses them for being foreign.

Cars are bought, renewed, laid up, sold once or twice with months between, and at times exported when old.
VINs are of the kinds that are met there: European ones without check digit or year, cars made for
Europe in Mexico and China, American ones with both, and registers' own numbers.
"""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from detectors.registry import Catalogue
from detectors.vin import check_digit, is_well_formed
from streams.backfill.backfill import Backfill
from streams.backfill.outputs import OutputFiles
from streams.feeds.compiling import compile_feed
from streams.feeds.converting import Conversion
from streams.feeds.loading import load_feed
from streams.models.choice import choose_model
from streams.setup.identities import decode_from_environment
from streams.setup.policy import load_policy

CARS = 400
EUROPEAN = (
    "VSSZZZ5F",
    "WVWZZZCD",
    "VF1RFB00",
    "TMBJJ7NX",
    "3VWZZZ16",
    "LSJW7409",
    "1C4BU000",
    "WBA11EE0",
)
AMERICAN = ("5YJ3E1EC", "1FTFW1E5", "2HGFC2F5", "4T1B11HK")
Row = dict[str, str]


class Life(NamedTuple):
    number: int
    vin: str
    brand: str
    steps: list[tuple[date, str]]


def lives(starts: tuple[str, ...], *, seed: int) -> Iterator[Life]:
    """The steps of each car: ``new``, ``renewal``, ``laid up``, ``back``, ``sold`` and ``left``."""
    dice = Random(seed)
    for number in range(CARS):
        start = dice.choice(starts)
        plain = f"{start}Z{dice.choice('0ZRPN')}{dice.choice('ABD')}{number:06}"
        vin = plain[:8] + check_digit(plain) + plain[9:] if starts is AMERICAN else plain
        assert is_well_formed(vin)
        day = date(2018, 1, 1) + timedelta(dice.randrange(700))
        steps = [(day, "new")]
        while (day := day + timedelta(dice.randrange(200, 900))) < date(2024, 11, 1):
            steps.append((day, dice.choice(("renewal", "renewal", "laid up", "sold", "left"))))
            if steps[-1][1] == "left":
                break
            if steps[-1][1] == "laid up":
                day += timedelta(dice.randrange(20, 300))
                steps.append((day, "back"))
        yield Life(number, vin, dice.choice(("SEAT", "TESLA", "FIAT", "RENAULT")), steps)


def spain(life: Life) -> Iterator[Row]:
    keys = {"new": "1", "sold": "2", "laid up": "6", "back": "1", "left": "3", "renewal": "5"}
    for day, step in life.steps:
        first = life.steps[0][0].strftime("%d%m%Y")
        yield {
            "FEC_MATRICULA": first, "FEC_TRAMITACION": f"{day:%d%m%Y}", "FEC_TRAMITE": f"{day:%d%m%Y}",
            "FEC_PROCESO": f"{day:%d%m%Y}", "BASTIDOR_ITV": life.vin, "CLAVE_TRAMITE": keys[step], "COD_TIPO": "40",
            "MARCA_ITV": life.brand, "MODELO_ITV": "X", "COD_PROVINCIA_VEH": "M", "COD_PROVINCIA_MAT": "M",
            "IND_NUEVO_USADO": "N" if step == "new" else "U", "PERSONA_FISICA_JURIDICA": "D",
            "IND_BAJA_DEF": "8" if step == "left" else "",
        }  # fmt: skip


def ukraine(life: Life) -> Iterator[Row]:
    operations = {
        "new": ("105", "ПЕРВИННА РЕЄСТРАЦІЯ НОВОГО ТЗ ПРИДБАНОГО В ТОРГОВЕЛЬНІЙ ОРГАНІЗАЦІЇ"),
        "sold": ("315", "ПЕРЕРЕЄСТРАЦІЯ ТЗ НА НОВ. ВЛАСН. ПО ДОГОВОРУ УКЛАДЕНОМУ В ТСЦ"),
        "renewal": ("410", "ПЕРЕРЕЄСТРАЦІЯ ПРИ ЗАМІНІ НОМЕРНОГО ЗНАКУ"),
        "laid up": ("530", "ЗНЯТТЯ З ОБЛІКУ ДЛЯ РЕАЛІЗАЦІЇ"),
        "back": ("50", "ВТОРИННА РЕЄСТРАЦІЯ ТЗ ЗНЯТОГО З ОБЛІКУ"),
        "left": ("540", "ЗНЯТТЯ З ОБЛІКУ У ЗВ'ЯЗКУ З ВИВЕЗЕННЯМ ЗА МЕЖІ УКРАЇНИ"),
    }
    for day, step in life.steps:
        code, name = operations[step]
        yield {
            "PERSON": "P", "REG_ADDR_KOATUU": "8036100000", "OPER_CODE": code, "OPER_NAME": name,
            "D_REG": f"{day:%d.%m.%Y}", "DEP": "ТСЦ 8041", "BRAND": life.brand, "MODEL": "X", "VIN": life.vin,
            "FUEL": "БЕНЗИН", "N_REG_NEW": f"КА{life.number:04}ММ",
        }  # fmt: skip


def washington(life: Life) -> Iterator[Row]:
    kinds = {"new": ("Original Title", "New"), "sold": ("Transfer Title", "Used"),
             "renewal": ("Registration Renewal", "New"), "back": ("Registration Renewal", "Used")}  # fmt: skip
    for day, step in life.steps:
        kind, state = kinds.get(step, kinds["renewal"])
        price = {"new": "45000", "sold": "21000"}.get(step, "0")
        row = {
            "Electric Vehicle Type": "Battery Electric Vehicle (BEV)", "VIN (1-10)": life.vin[:10],
            "DOL Vehicle ID": str(190_000_000 + life.number), "Make": life.brand, "Model": "X",
            "Odometer Reading": str(15 * (day - life.steps[0][0]).days + 9) if price != "0" else "0",
            "Odometer Code": "Actual Mileage" if price != "0" else "Odometer reading is not collected",
            "New or Used Vehicle": state, "Sale Price": price, "Transaction Type": kind,
            "DOL Transaction Date": f"{day:%B %d %Y}", "State of Residence": "WA",
        }  # fmt: skip
        yield row
        if step in ("new", "sold"):  # one sale is two rows
            registered = (
                "Original Registration" if step == "new" else "Registration at time of Transfer"
            )
            later = day + timedelta(2)
            yield row | {"Transaction Type": registered, "DOL Transaction Date": f"{later:%B %d %Y}"}


def argentina(life: Life) -> Iterator[Row]:
    for day, step in life.steps:
        if step in ("new", "sold"):
            for share in ("50", "50"):  # a row for each of two owners
                yield {
                    "tramite_tipo": "INSCRIPCION INICIAL NACIONAL" if step == "new" else "TRANSFERENCIA NACIONAL",
                    "tramite_fecha": str(day), "fecha_inscripcion_inicial": str(life.steps[0][0]),
                    "registro_seccional_codigo": str(1000 + life.number), "automotor_anio_modelo": "2019",
                    "registro_seccional_provincia": "Buenos Aires", "automotor_origen": "Nacional",
                    "automotor_marca_descripcion": life.brand, "automotor_modelo_descripcion": "X",
                    "titular_tipo_persona": "Física", "titular_porcentaje_titularidad": share,
                }  # fmt: skip


REGISTERS = {
    "es-dgt": (spain, EUROPEAN),
    "ua-mvs": (ukraine, EUROPEAN + AMERICAN),
    "us-wa-dol": (washington, AMERICAN),
    "ar-dnrpa": (argentina, EUROPEAN),
}


@pytest.mark.parametrize("name", REGISTERS)
def test_ordinary_lives_elsewhere_accuse_nobody(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows_of, starts = REGISTERS[name]
    feed = load_feed(name)
    data, documents = tmp_path / "register.txt", tmp_path / "documents.jsonl"
    rows = [row for life in lives(starts, seed=7) for row in rows_of(life)]
    if feed.container.kind == "fixed":
        fields = feed.container.fields
        lines = ("".join(row.get(f.name, "").ljust(f.width)[: f.width] for f in fields) for row in rows)
        data.write_text("".join(f"{line}\n" for line in lines), encoding="latin-1")
    else:
        with data.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=feed.container.delimiter)
            writer.writeheader()
            writer.writerows(rows)
    conversion = Conversion(compile_feed(feed))
    documents.write_bytes(b"".join(conversion.blocks([data])))
    assert not conversion.account.refused

    monkeypatch.setenv("ZEROMILE_COUNTRY", feed.country)
    policy = load_policy()
    catalogue = Catalogue(policy, choose_model("default"))
    with Backfill(
        catalogue, OutputFiles(), decode_from_environment(policy.country), screened=False
    ) as run:
        ended = policy.country.parse("2026-01-01").day
        firing = run.run([documents], complete_through=ended).firing.values()
    assert [(alert.detector, alert.subject, alert.explanation) for alert in firing] == []
