"""The report and the database give one number for one thing."""

from dataclasses import fields

import msgspec
import pytest
import sqlalchemy as sa

from streams.report.alerts import AlertTally
from streams.report.figures import DEFINITIONS, HeadlineFigures, headline_figures
from streams.report.vehicles import tally_vehicles
from streams.store.database import migrate, open_database
from streams.store.from_file import store_files
from tests.store.conftest import postgres, url  # noqa: F401 - fixtures


@pytest.fixture
def in_the_database(country, url, tmp_path):  # noqa: F811 - the fixture
    final = tmp_path / "final.jsonl"
    final.write_bytes(b"".join(msgspec.json.encode(alert) + b"\n" for alert in country.firing))
    engine = open_database(url)
    migrate(engine)
    store_files(engine, [final, country.path])
    yield engine
    engine.dispose()


def test_headline_figures_are_the_same(country, in_the_database):
    with in_the_database.connect() as connection:
        row = connection.execute(sa.text("SELECT * FROM headline_figures")).mappings().one()
        provinces = connection.execute(
            sa.text("SELECT province, SUM(exports) FROM province_exports_daily GROUP BY province")
        ).fetchall()
    vehicles = tally_vehicles(country.engine.store)
    figures = headline_figures(AlertTally(country.firing), vehicles)
    for field in fields(HeadlineFigures):
        assert float(row[field.name]) == pytest.approx(getattr(figures, field.name)), field.name
    counted: dict[str, int] = {}
    for (province, _), exports in vehicles.exports.items():
        counted[province] = counted.get(province, 0) + exports
    assert {province: int(exports) for province, exports in provinces} == counted
    assert figures.rebate_exposure_cny > 0
    assert figures.firing_alerts < len(country.firing) or not any(a.shadow for a in country.firing)


def test_every_figure_has_its_definition():
    assert set(DEFINITIONS) == {field.name for field in fields(HeadlineFigures)}
