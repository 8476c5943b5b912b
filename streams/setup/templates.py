"""The templates of a room, all of them under the same rules."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def templates_of(room: str, **options: Any) -> Environment:
    """Templates in a room's folder `templates`: values are escaped, an unknown name is an error.

    Parameters
    ----------
    room
        Its package, for example ``streams.report``.
    options
        What its environment has otherwise, as Jinja names it.
    """
    usual: dict[str, Any] = {
        "autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True,
    }  # fmt: skip
    return Environment(loader=PackageLoader(room), **usual | options)  # noqa: S701 - it is on, above
