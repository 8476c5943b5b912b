"""``zeromile spikes`` and its benchmark as a user runs them."""

import csv
import re
from datetime import date, timedelta

import numpy as np
import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.spikes.periods import parse_period
from streams.spikes.table_file import plain_number
from tests.benchmarks.commands import PANELS
from tests.benchmarks.commands import app as benchmarks

RUN = CliRunner()


def write(path, rows, header="region,period,count"):
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def weeks(count, first=date(2021, 1, 4)):
    days = [first + timedelta(weeks=number) for number in range(count)]
    return ["{}-W{:02d}".format(*day.isocalendar()[:2]) for day in days]


@pytest.fixture
def labelled(tmp_path):
    random = np.random.default_rng(1)
    rows = []
    for region in ("north", "south"):
        counts = random.poisson(20, 150)
        counts[120:123] += 40 if region == "south" else 0
        rows += [
            f"{region},{week},{count},{int(region == 'south' and 120 <= number < 123)}"
            for number, (week, count) in enumerate(zip(weeks(150), counts, strict=True))
        ]
    return write(tmp_path / "counts.csv", rows, "region,period,count,label")


def test_alarms_table_and_page(labelled, tmp_path):
    out, plot = tmp_path / "alarms.csv", tmp_path / "plot.html"
    result = RUN.invoke(app, ["spikes", str(labelled), "--out", str(out), "--plot", str(plot)])
    assert result.exit_code == 0, result.output
    assert "1 of 1 outbreaks found (recall 1.00" in result.stdout
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["region", "period", "observed", "expected", "upper", "p", "alarm"]
    assert len(rows) == 300
    assert rows[0]["p"] == ""
    alarmed = [row for row in rows if row["alarm"] == "1" and row["region"] == "south"]
    assert "2023-W17" in {row["period"] for row in alarmed}
    assert all(int(row["observed"]) > float(row["upper"]) for row in alarmed)
    page = plot.read_text()
    assert "largest count that is no alarm" in page
    assert 'src="http' not in page


@pytest.mark.parametrize("method", ["farrington", "ears-c1", "ears-c2", "ears-c3", "trailing-mean"])
def test_every_method_runs(labelled, method):
    arguments = ["spikes", str(labelled), "--method", method, "--baseline-years", "2"]
    result = RUN.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert f"{method}: " in result.stdout


def test_methods_are_compared(labelled):
    result = RUN.invoke(app, ["spikes", str(labelled), "--compare"])
    assert result.exit_code == 0
    assert "1 of 1" in result.stdout
    assert "not enough history" in result.stdout  # farrington wants five years


@pytest.mark.parametrize("method", ["ss-nb", "ears-c1", "ears-c3", "trailing-mean", "farrington"])
def test_no_line_says_that_less_than_expected_is_usual(tmp_path, method):
    random = np.random.default_rng(7)
    counts = random.poisson(9.0, 300)
    counts[60::23] *= 3
    rows = [f"a,{week},{count}" for week, count in zip(weeks(300), counts, strict=True)]
    path = write(tmp_path / "counts.csv", rows)
    result = RUN.invoke(app, ["spikes", str(path), "--method", method, "--baseline-years", "2"])
    lines = [line for line in result.stdout.splitlines() if " expected, " in line]
    assert len(lines) > 3
    said = [re.search(r"([\d.]+) expected, up to (\d+) is usual", line) for line in lines]
    assert any(said)
    assert all(float(one[2]) >= float(one[1]) for one in said if one)
    assert all(
        one or "with the periods before it" in line for one, line in zip(said, lines, strict=True)
    )


def test_false_discovery_control_drops_lone_alarms(labelled):
    loose = RUN.invoke(app, ["spikes", str(labelled), "--alpha", "0.05"]).stdout
    strict = RUN.invoke(app, ["spikes", str(labelled), "--false-discovery-rate", "0.01"]).stdout
    assert strict.count("counted") < loose.count("counted")
    assert "south" in strict


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["a,2025-W01,-3"], "line 2: field 'count' is -3; allowed are whole numbers from 0"),
        (["a,2025-W01,2.5"], "line 2: field 'count' is '2.5'; allowed are whole numbers"),
        (["a,2025-W01,"], "line 2: field 'count' is ''"),
        (["a,2025-W54,1"], "line 2: field 'period' is '2025-W54'; 2025 has the weeks 2025-W01 to"),
        (["a,2025-13,1"], "line 2: field 'period' is '2025-13'"),
        (["a,2025-01-32,1"], "line 2: field 'period' is '2025-01-32'"),
        ([",2025-W01,1"], "line 2: field 'region' is empty"),
        (["a,2025-W01,1", "a,2025-W01,2"], "line 3: period 2025-W01 of region 'a' is there twice"),
        (["a,2025-W01,1", "a,2025-W03,2"], "region 'a' has no count for period 2025-W02 (1 gap"),
        (["a,2025-W01,1", "a,2025-02,2"], "line 3: field 'period' is the month 2025-02"),
        (["a,2025-W01,1", "a,2025-W02,2"], "not enough history: ss-nb needs 8 periods"),
        ([], "no counts"),
    ],
)
def test_bad_counts_are_named(tmp_path, rows, message):
    result = RUN.invoke(app, ["spikes", str(write(tmp_path / "bad.csv", rows))])
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_a_missing_column_is_named(tmp_path):
    path = write(tmp_path / "bad.csv", ["a,2025-W01"], "region,week")
    result = RUN.invoke(app, ["spikes", str(path)])
    assert result.exit_code == 2
    assert "column 'period' is missing" in " ".join(result.stderr.split())


def test_dates_a_week_apart_suggest_weeks(tmp_path):
    first = date(2024, 1, 7)
    rows = [f"a,{first + timedelta(weeks=number)},4" for number in range(30)]
    path = write(tmp_path / "weeks.csv", rows)
    assert "--period week" in RUN.invoke(app, ["spikes", str(path)]).output
    result = RUN.invoke(app, ["spikes", str(path), "--period", "week"])
    assert result.exit_code == 0, result.output
    assert "30 periods" in result.output


@pytest.mark.parametrize(
    ("text", "decimal", "plain"),
    [
        ("10", "point", "10"),
        ("10.0", "point", "10"),
        ("1,200", "point", "1200"),
        ("1,200,300.00", "point", "1200300"),
        ("12,00", "point", "12,00"),
        ("1.200", "comma", "1200"),
        ("1.200,0", "comma", "1200"),
        ("1 200", "comma", "1200"),
        ("1\u202f200", "point", "1200"),
        ("1'200", "point", "1200"),
        ("2.5", "point", "2.5"),
        ("2,5", "comma", "2,5"),
        ("1.200", "point", "1.200"),
        ("-3", "point", "-3"),
        ("", "point", ""),
    ],
)
def test_numbers_as_offices_write_them(text, decimal, plain):
    assert plain_number(text, decimal) == plain


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"region,period,count\n" + b'"' + b"a" * 200_000 + b'",2025-W01,3\n', "line 2"),
        (b"PK\x03\x04", "a zip archive"),
        (b"region,period,count\na,2025-W01,3\n\xff\n", "line 3: it is not UTF-8"),
        (b"\x1f\x8b\x08\x00broken", "cannot read"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path, content, message):
    path = tmp_path / "counts.csv"
    path.write_bytes(content)
    result = RUN.invoke(app, ["spikes", str(path)])
    assert result.exit_code == 2
    assert message in result.output
    assert result.output.count("\n") == 1


def test_a_bad_label_is_named(tmp_path):
    path = write(tmp_path / "bad.csv", ["a,2025-W01,1,yes"], "region,period,count,label")
    result = RUN.invoke(app, ["spikes", str(path)])
    assert result.exit_code == 2
    assert "field 'label' is 'yes'; allowed are 0 and 1" in " ".join(result.stderr.split())


def test_farrington_wants_weeks(tmp_path):
    rows = [f"a,2025-01-{day:02d},3" for day in range(1, 31)]
    path = write(tmp_path / "days.csv", rows)
    result = RUN.invoke(app, ["spikes", str(path), "--method", "farrington"])
    assert result.exit_code == 2
    assert "farrington judges weeks; the periods are days" in result.stderr


def test_comparing_wants_labels(tmp_path):
    path = write(tmp_path / "counts.csv", [f"a,{week},3" for week in weeks(20)])
    result = RUN.invoke(app, ["spikes", str(path), "--compare"])
    assert result.exit_code == 2
    assert "--compare needs the column label" in result.stderr


def test_two_ways_of_alarming_are_wrong_use(labelled):
    arguments = ["spikes", str(labelled), "--alpha", "0.01", "--false-discovery-rate", "0.1"]
    assert RUN.invoke(app, arguments).exit_code == 2


def test_years_of_52_weeks_are_no_gap(tmp_path):
    rows = [f"a,{week},3" for week in weeks(80, date(2020, 6, 1)) if not week.endswith("W53")]
    result = RUN.invoke(app, ["spikes", str(write(tmp_path / "counts.csv", rows))])
    assert result.exit_code == 0, result.output


def test_days_and_months(tmp_path):
    first = date(2024, 1, 1)
    days = [f"CN-GD,{first + timedelta(days=number)},4" for number in range(120)]
    assert RUN.invoke(app, ["spikes", str(write(tmp_path / "d.csv", days))]).exit_code == 0
    months = [f"CN-GD,{2022 + month // 12}-{month % 12 + 1:02d},40" for month in range(30)]
    assert RUN.invoke(app, ["spikes", str(write(tmp_path / "m.csv", months))]).exit_code == 0


@pytest.mark.parametrize("text", ["2025-03-14", "2025-W11", "2025-03", "2024-02", "2020-W53"])
def test_periods_read_as_written(text):
    period = parse_period(text)
    assert str(period) == text
    assert period.following().start == period.end


def test_the_benchmark_prints_its_tables():
    arguments = ["spikes", "--seed", "5", "--repetitions", "1", "--panels", "1", "--no-late"]
    result = RUN.invoke(benchmarks, arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout.count("ss-nb") == 1 + len(PANELS)
    assert "calendar wrong" in result.stdout
    assert "%" in result.stdout


def test_the_benchmark_measures_what_it_is_asked_for():
    arguments = ["spikes", "--seed", "6", "--repetitions", "1", "--panels", "3", "--no-late"]
    result = RUN.invoke(benchmarks, [*arguments, "--method", "ss-nb"])
    assert result.exit_code == 0, result.output
    assert "ears-c1" not in result.stdout
    wrong = RUN.invoke(benchmarks, [*arguments, "--method", "guess"])
    assert wrong.exit_code == 2
    assert "'guess'; allowed: oracle" in " ".join(wrong.stderr.split())
