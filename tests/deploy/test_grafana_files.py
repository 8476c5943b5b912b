"""Grafana's files: made from code, complete, nothing dangling. There is no Grafana server here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.generate import FOLDER, rendered
from tests.deploy.compose_linter import installed
from tests.deploy.files import DASHBOARDS, DEPLOY, compose, dashboard, load, panels

SCHEMA = Path(__file__).parent / "grafana_schema"
SOURCES = {
    source["uid"]: source
    for source in load(DEPLOY / "grafana/provisioning/datasources/zeromile.yml")["datasources"]
}
UIDS = {dashboard(path)["uid"] for path in DASHBOARDS}
SOURCE_KEYS = {
    "name",
    "uid",
    "type",
    "access",
    "url",
    "user",
    "isDefault",
    "editable",
    "jsonData",
    "secureJsonData",
}
PROVIDER_KEYS = {
    "name",
    "type",
    "folder",
    "disableDeletion",
    "allowUiUpdates",
    "updateIntervalSeconds",
    "options",
}


def test_the_committed_dashboards_are_what_the_code_makes():
    assert {path.name: path.read_text("utf-8") for path in DASHBOARDS} == rendered(), (
        "run `make dashboards`"
    )
    assert {path.name for path in FOLDER.iterdir()} == set(rendered())


@pytest.fixture(scope="module")
def grafanas_types(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, object]], str]:
    """What Grafana's own types, in the compiler, say to dashboards; nothing if they fit."""
    modules = installed(SCHEMA, "THE DASHBOARDS WERE NOT HELD AGAINST GRAFANA'S SCHEMA")

    def check(content: dict[str, object]) -> str:
        folder = tmp_path_factory.mktemp("types")
        (folder / "node_modules").symlink_to(modules)
        shutil.copy(SCHEMA / "board.ts", folder)
        lines = ["import type { Board } from './board';"]
        for number, board in enumerate(content.values()):
            lines.append(f"export const d{number} = {json.dumps(board)} satisfies Board;")
        (folder / "check.ts").write_text("\n".join(lines), "utf-8")
        done = subprocess.run(
            [
                str(modules / ".bin" / "tsc"), "--noEmit", "--strict",
                "--skipLibCheck", "--target", "es2022", "--module", "esnext",
                "--moduleResolution", "bundler", "--preserveSymlinks", "check.ts",
            ],
            cwd=folder, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        return done.stdout + done.stderr

    return check


def test_the_dashboards_fit_grafanas_own_schema(grafanas_types: Callable[[dict[str, object]], str]):
    assert grafanas_types({path.name: dashboard(path) for path in DASHBOARDS}) == ""


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda board: board.update(style="dark"), "style"),
        (lambda board: board["panels"][0].update(typ="stat"), "typ"),
        (lambda board: board["panels"][0].update(type="piechart"), "piechart"),
        (lambda board: board["panels"][0]["options"].update(colorMode="colourful"), "colourful"),
        (lambda board: board["panels"][0]["fieldConfig"]["defaults"].update(units="s"), "units"),
    ],
)
def test_grafanas_schema_refuses_what_it_does_not_know(
    grafanas_types: Callable[[dict[str, object]], str], spoil: Callable[[dict], None], said: str
):
    board = dashboard(next(path for path in DASHBOARDS if path.stem == "overview"))
    spoil(board)
    assert said in grafanas_types({"spoilt": board})


def test_the_schema_is_of_the_grafana_that_is_deployed():
    packages = json.loads((SCHEMA / "package.json").read_text("utf-8"))
    image = compose()["services"]["grafana"]["image"]
    assert image == f"grafana/grafana:{packages['dependencies']['@grafana/schema']}"


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
class TestDashboard:
    def test_the_types_of_the_sdk_read_it_without_loss(self, path: Path):
        plugins.register_default_plugins()
        content = dashboard(path)
        again = json.loads(json.dumps(Dashboard.from_json(content), cls=JSONEncoder))
        for panel, same in zip(content["panels"], again["panels"], strict=True):
            assert same["title"] == panel["title"]
            assert same["fieldConfig"] == panel["fieldConfig"]
            assert same["gridPos"] == panel["gridPos"]

    def test_every_panel_has_title_unit_description_and_queries(self, path: Path):
        for panel in panels(path):
            assert panel["title"], path.name
            assert len(panel["description"]) > 20, panel["title"]
            assert panel["description"].endswith((".", "?")), panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            assert panel["targets"], panel["title"]
            references = [target["refId"] for target in panel["targets"]]
            assert len(set(references)) == len(references), panel["title"]

    def test_titles_are_unique_and_panels_do_not_overlap(self, path: Path):
        titles = [panel["title"] for panel in panels(path)]
        assert len(set(titles)) == len(titles)
        taken: set[tuple[int, int]] = set()
        for panel in panels(path):
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24
            cells = {
                (place["x"] + dx, place["y"] + dy)
                for dx in range(place["w"])
                for dy in range(place["h"])
            }
            assert not cells & taken, panel["title"]
            taken |= cells

    def test_data_sources_resolve(self, path: Path):
        def references(node: object) -> list[dict[str, str]]:
            if isinstance(node, dict):
                mine = [node["datasource"]] if isinstance(node.get("datasource"), dict) else []
                return mine + [r for child in node.values() for r in references(child)]
            if isinstance(node, list):
                return [r for child in node for r in references(child)]
            return []

        found = references(dashboard(path))
        assert found
        for reference in found:
            assert SOURCES[reference["uid"]]["type"] == reference["type"]

    def test_variables_are_declared_and_links_lead_somewhere(self, path: Path):
        content = dashboard(path)
        declared = {variable["name"] for variable in content.get("templating", {}).get("list", [])}
        text = json.dumps(content)
        assert set(re.findall(r"\$\{(\w+):sqlstring\}", text)) <= declared
        for uid in re.findall(r"/d/([\w-]+)", text):
            assert uid in UIDS
        for target, variable in re.findall(r"/d/([\w-]+)\?var-(\w+)=", text):
            other = next(dashboard(p) for p in DASHBOARDS if dashboard(p)["uid"] == target)
            assert variable in {v["name"] for v in other["templating"]["list"]}

    def test_it_can_be_provisioned(self, path: Path):
        content = dashboard(path)
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", content["uid"])
        assert "id" not in content
        assert "__inputs" not in content
        assert content["editable"] is False


def test_every_table_with_vehicles_or_provinces_links_to_them():
    for path in DASHBOARDS:
        for panel in panels(path):
            if panel["type"] == "table":
                linked = {o["matcher"]["options"] for o in panel["fieldConfig"]["overrides"]
                          if any(p["id"] == "links" for p in o["properties"])}  # fmt: skip
                assert {"vehicle", "province"} <= linked, panel["title"]


def test_provisioning_files_use_documented_keys_and_mounted_paths():
    sources = load(DEPLOY / "grafana/provisioning/datasources/zeromile.yml")
    providers = load(DEPLOY / "grafana/provisioning/dashboards/zeromile.yml")
    grafana = compose()["services"]["grafana"]
    mounts = {v.split(":")[1]: v.split(":")[0] for v in grafana["volumes"]}

    assert sources["apiVersion"] == providers["apiVersion"] == 1
    for source in sources["datasources"]:
        assert set(source) <= SOURCE_KEYS
    for provider in providers["providers"]:
        assert set(provider) <= PROVIDER_KEYS
        assert mounts[provider["options"]["path"]] == "./deploy/grafana/dashboards"
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (FOLDER / Path(home).name).is_file()


def test_secrets_of_data_sources_come_from_the_environment_of_the_container():
    environment = compose()["services"]["grafana"]["environment"]
    for source in SOURCES.values():
        for secret in source.get("secureJsonData", {}).values():
            name = re.fullmatch(r"\$__env\{(\w+)\}", secret)
            assert name, "no password in a file"
            assert name[1] in environment


def test_boards_can_be_another_countrys():
    """Their clock, money and rates; the names of provinces come from the database."""
    program = "from deploy.grafana.generate import rendered; print(*rendered().values())"
    boards = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "ZEROMILE_COUNTRY": "ES"},
        cwd=DEPLOY.parent, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert "Europe/Madrid" in boards
    assert "currencyEUR" in boards
    assert not re.search("Shanghai|CNY|13 %", boards)
