"""The files of `deploy/` as the tests see them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
RULES = sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))


class Query(NamedTuple):
    """A query of a dashboard, and where it stands."""

    where: str
    text: str


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def compose() -> dict[str, Any]:
    return load(ROOT / "docker-compose.yml")


def dashboard(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def panels(path: Path) -> list[dict[str, Any]]:
    return [panel for panel in dashboard(path)["panels"] if panel["type"] != "row"]


def promql_of_dashboards() -> list[Query]:
    return [
        Query(f"{path.stem}: {panel['title']} {target['refId']}", target["expr"])
        for path in DASHBOARDS
        for panel in panels(path)
        for target in panel["targets"]
        if "expr" in target
    ]


def sql_of_dashboards() -> list[Query]:
    found = [
        Query(f"{path.stem}: {panel['title']} {target['refId']}", target["rawSql"])
        for path in DASHBOARDS
        for panel in panels(path)
        for target in panel["targets"]
        if "rawSql" in target
    ]
    for path in DASHBOARDS:
        content = dashboard(path)
        found += [
            Query(f"{path.stem}: variable {variable['name']}", variable["query"])
            for variable in content.get("templating", {}).get("list", [])
            if variable["type"] == "query"
        ]
        found += [
            Query(f"{path.stem}: annotation {annotation['name']}", annotation["target"]["rawSql"])
            for annotation in content.get("annotations", {}).get("list", [])
        ]
    return found


def rules() -> Iterator[dict[str, Any]]:
    for path in RULES:
        for group in load(path)["groups"]:
            yield from group["rules"]


def expand(sql: str, variables: dict[str, list[str]], start: str, end: str) -> str:
    """What Grafana's PostgreSQL data source makes of its macros and variables."""
    sql = re.sub(r"\$__timeFilter\(([^)]*)\)", rf"\1 BETWEEN '{start}' AND '{end}'", sql)

    def quoted(match: re.Match[str]) -> str:
        values = [value.replace("'", "''") for value in variables[match[1]]]
        return ",".join(f"'{value}'" for value in values)

    sql = re.sub(r"\$\{(\w+):sqlstring\}", quoted, sql)
    assert "$" not in sql, f"something of Grafana's is left: {sql}"
    return sql
