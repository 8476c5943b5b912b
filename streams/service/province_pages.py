"""`/api/provinces/{code}`: answered by the worker that counts the provinces, whichever is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, web

from detectors.country import CHINA, Country
from streams.service.answers import answer, fault_of, number_within, problem
from streams.service.partition_manager import PartitionManager
from streams.service.province_desk import PARTITION, ProvinceDesk
from streams.service.province_view import names_of, province_view
from streams.service.settings import Settings

WEEKS: Final = 12
MOST_WEEKS: Final = 520
ASK_SECONDS: Final = 5.0
FORWARDED: Final = "X-Zeromile-Forwarded"
"""Header of a question that another worker has passed on; it is not passed on again."""

log = structlog.get_logger("zeromile.provinces")


class ProvincePages:
    """Knows whether this worker counts the provinces, and whom to ask if it does not.

    Parameters
    ----------
    settings
        The token that workers show each other.
    partitions
        One of them may hold the provinces' counts.
    desk_url
        Where the worker that counts them says it can be asked, None if none has said so yet.
    country
        Whose provinces they are.
    """

    def __init__(
        self,
        settings: Settings,
        partitions: PartitionManager,
        desk_url: Callable[[], str | None],
        country: Country = CHINA,
    ) -> None:
        self._names = names_of(country)
        self._settings = settings
        self._partitions = partitions
        self._desk_url = desk_url

    async def province(self, request: web.Request) -> web.Response:
        """Recent weeks of a province with what was expected of them, and its alerts."""
        code = request.match_info["code"].strip().upper()
        if code not in self._names:
            return problem(
                404, f"there is no province {code!r}; there are: {', '.join(sorted(self._names))}"
            )
        fault = fault_of(request, {"weeks": None})
        if fault is not None:
            return problem(400, fault)
        weeks = number_within(request.query.get("weeks", str(WEEKS)), MOST_WEEKS)
        if weeks is None:
            given = request.query["weeks"]
            return problem(400, f"weeks is {given!r}; allowed: 1 to {MOST_WEEKS}")
        desk = self._desk()
        if desk is None:
            return await self._pass_on(request, code, weeks)
        if not desk.caught_up:
            return problem(503, "the counted exports are still being read; ask again in a moment")
        return answer(province_view(desk.book, code, weeks))

    def _desk(self) -> ProvinceDesk | None:
        partition = self._partitions.owned.get(PARTITION)
        return None if partition is None else partition.desk

    async def _pass_on(self, request: web.Request, code: str, weeks: int) -> web.Response:
        url = self._desk_url()
        if url is None or FORWARDED in request.headers:
            return problem(503, "no worker counts the provinces at this moment; ask again")
        headers, token = {FORWARDED: "1"}, self._settings.web_token
        if token is not None:
            headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        try:
            async with (
                ClientSession(timeout=ClientTimeout(ASK_SECONDS)) as session,
                session.get(f"{url}/api/provinces/{code}?weeks={weeks}", headers=headers) as said,
            ):
                body, kind = await said.read(), said.content_type
                return web.Response(body=body, status=said.status, content_type=kind)
        except (TimeoutError, ClientError, ValueError) as error:
            log.warning("the worker that counts does not answer", url=url, error=type(error).__name__)
            return problem(503, f"the worker that counts the provinces, {url}, does not answer")
