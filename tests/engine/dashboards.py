"""Tests of the dashboards on the running stack; `test_stack.py` takes them in, so that one stack does.

Grafana itself is a stub there: what it would ask is asked in its place, from its container, with the
addresses, the user and the secret of its data sources.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

import pytest

from tests.deploy.files import (
    DASHBOARDS,
    DEPLOY,
    Query,
    dashboard,
    expand,
    load,
    promql_of_dashboards,
    sql_of_dashboards,
)
from tests.engine.deployed import Deployed

START, END = "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
SOURCES = {
    source["type"]: source
    for source in load(DEPLOY / "grafana/provisioning/datasources/zeromile.yml")["datasources"]
}
ASK = """\
import json, os, subprocess, sys, time, urllib.parse, urllib.request
sources, promql, sql = json.loads(sys.argv[1])
found = {}
for where, text in promql:
    now = int(time.time())
    form = {"query": text, "start": now - 900, "end": now, "step": 15}
    url = sources["prometheus"]["url"] + "/api/v1/query_range"
    try:
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()) as answer:
            found[where] = len(json.load(answer)["data"]["result"])
    except OSError as error:
        found[where] = str(error)
postgres = sources["postgres"]
host, _, port = postgres["url"].partition(":")
settings = {
    "PGHOST": host, "PGPORT": port, "PGUSER": postgres["user"],
    "PGDATABASE": postgres["jsonData"]["database"], "PGSSLMODE": postgres["jsonData"]["sslmode"],
    "PGPASSWORD": postgres["secureJsonData"]["password"],
}
for where, text in sql:
    command = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command", text]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True)
    found[where] = len(done.stdout.splitlines()) if done.returncode == 0 else done.stderr
print(json.dumps(found))
"""


def _with_secrets(stack: Deployed, node: Any) -> Any:
    """What Grafana makes of `$__env{NAME}`: the environment of its own container."""
    lines = stack.containers("grafana")["zeromile-grafana-1"]["Config"]["Env"]
    given = dict(line.split("=", 1) for line in lines)
    text = re.sub(r"\$__env\{(\w+)\}", lambda match: given[match[1]], json.dumps(node))
    assert "$__" not in text
    return json.loads(text)


def choices(stack: Deployed) -> dict[str, dict[str, list[str]]]:
    """Values of each variable of each dashboard, as its query finds them now."""
    found: dict[str, dict[str, list[str]]] = {}
    stack.wait_until(stack.told)
    with stack.connect() as reader:
        (vin,) = reader.execute(
            "SELECT subject FROM alerts WHERE state = 'firing' AND subject_type = 'vehicle' LIMIT 1"
        ).fetchone()  # type: ignore[misc]
        for path in DASHBOARDS:
            variables = dashboard(path).get("templating", {}).get("list", [])
            found[path.stem] = {
                variable["name"]: [vin] if variable["type"] == "textbox"
                else [str(row[0]) for row in reader.execute(variable["query"]).fetchall()]
                for variable in variables
            }  # fmt: skip
    return found


def _panels() -> list[Query]:
    return [q for q in sql_of_dashboards() if ": variable " not in q.where]


def _dashboard_of(query: Query) -> str:
    return query.where.partition(":")[0]


def test_every_query_of_the_dashboards_is_answered_where_grafana_asks(stack: Deployed):
    everything = choices(stack)
    sql = [
        (q.where, expand(q.text, everything[_dashboard_of(q)], START, END)) for q in sql_of_dashboards()
    ]
    promql = [(q.where, q.text) for q in promql_of_dashboards()]
    asked = json.dumps([_with_secrets(stack, SOURCES), promql, sql])
    found: dict[str, int | str] = {}

    def enough() -> bool:
        """Soon after a start Prometheus has not asked everybody yet."""
        said = stack.compose("exec", "-T", "grafana", "python3", "-c", ASK, asked)
        found.update(json.loads(said.strip().splitlines()[-1]))
        return all(_is_full(stem, found) for stem in stems)

    stems = {path.stem for path in DASHBOARDS}
    with contextlib.suppress(AssertionError):  # what is missing is said below
        stack.wait_until(enough, 60)
    assert {where: what for where, what in found.items() if isinstance(what, str)} == {}
    assert set(found) == {where for where, _ in (*sql, *promql)}
    empty = sorted(where for where, count in found.items() if not count)
    assert all(_is_full(stem, found) for stem in stems), f"without a row: {empty}"


def _is_full(stem: str, found: dict[str, int | str]) -> bool:
    """A young and healthy stack has no refused documents and no spikes."""
    answered = [what for where, what in found.items() if where.startswith(f"{stem}:")]
    return sum(what not in {0, ""} for what in answered) > 0.6 * len(answered)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_choice_of_every_variable_is_understood(stack: Deployed, path: Any):
    """The database plans each; the first choice of each variable is run as well."""
    everything = choices(stack)[path.stem]
    with stack.connect() as reader:
        for name, values in everything.items():
            assert values, f"{path.stem}: {name} has nothing to choose from"
            for number, value in enumerate(values):
                chosen = everything | {name: [value]}
                for query in _panels():
                    if _dashboard_of(query) == path.stem and f"${{{name}:" in query.text:
                        text = expand(query.text, chosen, START, END)
                        reader.execute(text if number == 0 else f"EXPLAIN {text}").fetchall()


def test_no_password_but_the_right_one_opens_what_grafana_reads(stack: Deployed):
    source = _with_secrets(stack, SOURCES["postgres"])
    assert source["secureJsonData"]["password"] == stack.secrets["ZEROMILE_READER_PASSWORD"]
    wrong = source | {"secureJsonData": {"password": "wrong"}}
    asked = json.dumps([{"postgres": wrong}, [], [("one", "SELECT 1")]])
    said = stack.compose("exec", "-T", "grafana", "python3", "-c", ASK, asked)
    assert "password authentication failed" in json.loads(said.strip().splitlines()[-1])["one"]
