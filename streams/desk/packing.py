"""Packs by the page: a vehicle's case as `zeromile pack export` writes it, in one file."""

from __future__ import annotations

import asyncio
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import sqlalchemy as sa
import structlog
from aiohttp import web

from detectors.errors import ZeromileError
from streams.desk.errors import DeskError, NotThereError
from streams.desk.offering import Ask
from streams.evidence.pack import with_time_stamp, write_pack
from streams.evidence.ssh_signature import SigningKey
from streams.service.settings import load
from streams.store.case import Question, case_of
from streams.store.errors import StoreError
from streams.store.policies import with_judges
from streams.store.settings import SinkSettings

log = structlog.get_logger("zeromile.desk")


class Packs:
    """Puts packs together for who asks for them.

    Parameters
    ----------
    settings
        Name the key that signs, the authority that stamps and the policy; without them, none does.
    """

    def __init__(self, settings: SinkSettings | None = None) -> None:
        self._settings = settings or load(SinkSettings)

    async def of_alert(self, request: web.Request, ask: Ask) -> web.Response:
        """The vehicle of one alert."""
        alert_id = request.match_info["alert_id"]
        return await self._answer(ask, Question(alert_id=alert_id), f"alert-{alert_id[:12]}")

    async def of_vehicle(self, request: web.Request, ask: Ask) -> web.Response:
        """One vehicle."""
        vin = request.match_info["vin"].strip().upper()
        return await self._answer(ask, Question(vin=vin), f"vehicle-{vin}")

    async def _answer(self, ask: Ask, question: Question, name: str) -> web.Response:
        name = "".join(one if one.isascii() and one.isalnum() else "-" for one in name)
        body = await asyncio.to_thread(self._packed, ask, question, name)
        headers = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
        return web.Response(body=body, content_type="application/zip", headers=headers)

    def _packed(self, ask: Ask, question: Question, name: str) -> bytes:
        try:
            with tempfile.TemporaryDirectory(prefix="zeromile-pack-") as made:
                folder = Path(made) / name
                self._write(ask.engine, question, folder, ask)
                return _zipped(folder)
        except StoreError as error:
            raise NotThereError(str(error)) from None
        except ZeromileError as error:
            raise DeskError(f"no pack can be made: {error}") from None

    def _write(self, engine: sa.Engine, question: Question, folder: Path, ask: Ask) -> None:
        known = self._settings
        signer = SigningKey.read(known.sink_log_key) if known.sink_log_key else None
        case = with_judges(case_of(engine, question, signer, ask.now), known.policy_file)
        case, unstamped = with_time_stamp(case, known.sink_time_stamp_url)
        if unstamped:
            log.warning("a pack has no time stamp", error=str(unstamped))
        write_pack(case, folder, signer)


def _zipped(folder: Path) -> bytes:
    """A folder in one file, its names in order and below the folder's own."""
    body = BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, path.relative_to(folder.parent).as_posix())
    return body.getvalue()
