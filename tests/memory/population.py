"""Writes a large, ordinary population of vehicles quickly: most are sold once or twice in peace."""

import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

VEHICLES: Final = 420_000
DOCUMENTS: Final = 1_000_000
_DAYS = [(date(2024, 1, 1) + timedelta(day)).isoformat() for day in range(800)]
_COMMON = '{"event_type":"%s","event_id":"%s%d","source":"%s","vin":"LSVAU2180%08d","occurred_at":"%s"'
_PLACE = ',"province":"CN-GD","owner_id":"p%d","owner_type":"person","brand":"BYD","fuel":"bev"'
_SALE = ',"kind":"%s","price_cny":%d,"odometer_km":%d,"odometer_status":"read"'
_EXPORT = (
    ',"declaration_no":"D%d","exporter_id":"x%d","destination":"KZ","condition":"used",'
    '"value_cny":90000}'
)


def write_population(path: Path) -> None:
    """Write one million documents over 420,000 vehicles, ten per cent of them exports."""
    dice = Random(1)
    with path.open("w", encoding="ascii") as out:
        for n in range(DOCUMENTS):
            vehicle = n % VEHICLES
            turn, day = n // VEHICLES, n // (DOCUMENTS // 500) + n // VEHICLES * 40
            if turn == 2 and vehicle % 10 < 6:
                out.write(_COMMON % ("customs_export", "c", n, "customs", vehicle, _DAYS[day]))
                out.write(_EXPORT % (n, vehicle + (vehicle % 3 == 0)) + "\n")
                continue
            kind = "initial" if turn == 0 else "transfer"
            out.write(_COMMON % ("registration", "r", n, "reg", vehicle, _DAYS[day]))
            out.write(
                _PLACE % (vehicle + turn)
                + _SALE % (kind, 100_000, turn * dice.randint(1, 9_999))
                + "}\n"
            )


if __name__ == "__main__":
    write_population(Path(sys.argv[1]))
