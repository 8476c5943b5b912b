"""The report and the database give one number for one thing."""

from dataclasses import fields

import msgspec
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from detectors.country import CHINA
from streams.cli import app
from streams.report.alerts import AlertTally
from streams.report.figures import DEFINITIONS, HeadlineFigures, headline_figures
from streams.report.vehicles import tally_vehicles
from streams.store.database import migrate, open_database
from streams.store.from_file import store_files
from tests.report.conftest import judge
from tests.store.conftest import postgres, url  # noqa: F401 - fixtures


@pytest.fixture(
    params=["small", pytest.param("demo", marks=[pytest.mark.nightly, pytest.mark.timeout(3600)])]
)
def judged(request, country, tmp_path):
    """A small country, or the one that `zeromile demo` shows."""
    if request.param == "small":
        return country
    demo = tmp_path / "demo"
    assert CliRunner().invoke(app, ["demo", "--out", str(demo)]).exit_code == 0
    return judge(demo / "documents.jsonl.gz")


@pytest.fixture
def in_the_database(judged, url, tmp_path):  # noqa: F811 - the fixture
    final = tmp_path / "final.jsonl"
    final.write_bytes(b"".join(msgspec.json.encode(alert) + b"\n" for alert in judged.firing))
    engine = open_database(url)
    migrate(engine)
    store_files(engine, [final, judged.path])
    yield engine
    engine.dispose()


def test_headline_figures_are_the_same(judged, in_the_database):
    with in_the_database.connect() as connection:
        row = connection.execute(sa.text("SELECT * FROM headline_figures")).mappings().one()
        provinces = connection.execute(
            sa.text("SELECT province, SUM(exports) FROM province_exports_daily GROUP BY province")
        ).fetchall()
    vehicles = tally_vehicles(judged.engine.store)
    figures = headline_figures(AlertTally(judged.firing), vehicles, CHINA)
    for field in fields(HeadlineFigures):
        assert float(row[field.name]) == pytest.approx(getattr(figures, field.name)), field.name
    counted: dict[str, int] = {}
    for (province, _), exports in vehicles.exports.items():
        counted[province] = counted.get(province, 0) + exports
    assert {province: int(exports) for province, exports in provinces} == counted
    assert figures.rebate_exposure_cny > 0
    assert figures.firing_alerts < len(judged.firing) or not any(a.shadow for a in judged.firing)


def test_every_figure_has_its_definition():
    assert set(DEFINITIONS) == {field.name for field in fields(HeadlineFigures)}
