"""Write the dashboards as Grafana reads them: `python -m deploy.grafana.generate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.source.adjusted_retail import adjusted_retail
from deploy.grafana.source.overview import overview
from deploy.grafana.source.parties import parties
from deploy.grafana.source.provinces import provinces
from deploy.grafana.source.service_health import service_health
from deploy.grafana.source.trade import trade
from deploy.grafana.source.vehicles import vehicles

FOLDER = Path(__file__).parent / "dashboards"
DASHBOARDS = (overview, provinces, vehicles, parties, trade, adjusted_retail, service_health)


def rendered() -> dict[str, str]:
    """File name to content."""
    made = {}
    for make in DASHBOARDS:
        dashboard = make()
        name = f"{str(dashboard.uid).removeprefix('zeromile-')}.json"
        content = _of_today(json.loads(json.dumps(dashboard, cls=JSONEncoder)))
        text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
        made[name] = f"{text}\n"
    return made


def _of_today(content: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the SDK writes for older Grafanas and the schema of today's does not know."""
    content.pop("style", None)
    for variable in content.get("templating", {}).get("list", []):
        for name in ("auto", "auto_count", "auto_min", "id"):
            variable.pop(name, None)
    return content


if __name__ == "__main__":
    for name, text in rendered().items():
        (FOLDER / name).write_text(text, "utf-8")
