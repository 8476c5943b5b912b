"""`zeromile state`: what workers keep of vehicles; looked at, taken out, dropped, and let go."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.console import errors, fail, out, plain
from streams.cli.replay import Force
from streams.cli.service_options import Bootstrap, kafka_errors_explained, settings_or_exit
from streams.setup.outputs import Outputs

if TYPE_CHECKING:
    from streams.service.kept_state import KeptVehicle
    from streams.service.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Look at what workers keep of vehicles, and mend it.")


@app.command("show")
def show_command(
    vin: Annotated[str | None, typer.Argument(help="Vehicle; without it, what cannot be read.")] = None,
    bootstrap: Bootstrap = None,
) -> None:
    """Show a vehicle's record from its changelog, or name every record that cannot be read.

    Exit codes: 0 fine, 1 there are records that cannot be read, 2 wrong use, 3 no broker.
    """
    from streams.service.kept_state import fault_of_provinces, province_memory, read_vehicles
    from streams.setup.policy import load_policy

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    if vin is not None:
        typer.echo(json.dumps(_described(_find(settings, vin)), indent=2, ensure_ascii=False))
        return
    unreadable = total = 0
    with kafka_errors_explained(settings):
        for vehicle in read_vehicles(settings):
            total += 1
            if vehicle.fault:
                unreadable += 1
                out.print(plain(f"partition {vehicle.partition}, {vehicle.vin}: {vehicle.fault}"))
        fault = fault_of_provinces(province_memory(settings), load_policy(settings.policy_file))
    out.print(f"{total:,} vehicles, {unreadable:,} of them cannot be read", highlight=False)
    if fault:
        out.print(plain(fault), soft_wrap=True)
    if unreadable or fault:
        raise typer.Exit(1)


@app.command("export")
def export_command(
    *,
    file: Annotated[Path, typer.Option("--out", help="File to write, JSON Lines.", dir_okay=False)],
    force: Force = False,
    bootstrap: Bootstrap = None,
) -> None:
    """Write every vehicle's documents and alerts; what cannot be read as base64.

    Exit codes: 0 fine, 2 wrong use, 3 no broker.
    """
    from streams.service.kept_state import read_vehicles

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    written = 0
    with (
        kafka_errors_explained(settings),
        Outputs({"--out": file}, force=force) as places,
        places.path("--out").open("w", encoding="utf-8") as target,
    ):
        for vehicle in read_vehicles(settings):
            target.write(json.dumps(_described(vehicle), ensure_ascii=False) + "\n")
            written += 1
    errors.print(f"{written:,} vehicles written", highlight=False)


@app.command("drop")
def drop_command(
    vin: Annotated[
        str | None, typer.Argument(help="Vehicle identification number; or --provinces.")
    ] = None,
    *,
    provinces: Annotated[
        bool,
        typer.Option("--provinces", help="Drop what is remembered of the provinces' alerts instead."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without it only say what would go.")
    ] = False,
    bootstrap: Bootstrap = None,
) -> None:
    """Delete one vehicle's record, while no worker runs; documents that are sent again count anew.

    Its alerts are resolved at the next start; its export goes on counting for its province, as that of
    a vehicle that was forgotten does. What is remembered of the provinces is made anew from the alert
    topic: nothing is lost with it.

    Exit codes: 0 done, 2 wrong use or a worker is running, 3 no broker.
    """
    from streams.kafka.topic_admin import admin_client
    from streams.service.kept_state import drop_vehicle

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    if provinces == (vin is not None):
        fail("say what to drop: a vehicle's number or --provinces")
    if vin is None:
        _drop_provinces(settings, yes=yes)
        return
    vehicle = _find(settings, vin)
    if not yes:
        fail(f"partition {vehicle.partition}, {len(vehicle.data):,} bytes would go; say --yes")
    with kafka_errors_explained(settings), admin_client(settings) as admin:
        drop_vehicle(settings, admin, vehicle)
    out.print("dropped")


def _drop_provinces(settings: Settings, *, yes: bool) -> None:
    from streams.kafka.topic_admin import admin_client
    from streams.service.kept_state import drop_provinces, province_memory
    from streams.setup.policy import load_policy

    if not yes:
        with kafka_errors_explained(settings):
            memory = province_memory(settings)
        fail(f"{len(memory or b''):,} bytes about the provinces would go; say --yes")
    with kafka_errors_explained(settings), admin_client(settings) as admin:
        alerts = drop_provinces(settings, admin, load_policy(settings.policy_file))
    out.print(f"dropped; {alerts:,} alerts about provinces are remembered from their topic")


@app.command("forget")
def forget_command(
    before: Annotated[str, typer.Option("--before", help="Civil day, YYYY-MM-DD.")],
    bootstrap: Bootstrap = None,
) -> None:
    """Let workers forget vehicles without a document since a day, however many they are.

    Only vehicles older than the retention go, and none of which an alert stands. `zeromile doctor` says
    how many wait for this. Exit codes: 0 done, 2 wrong use, 3 no broker.
    """
    from detectors import civil_time
    from streams.service.kept_state import allow_forgetting
    from streams.setup.policy import load_policy

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    try:
        day = load_policy(settings.policy_file).country.parse(before).day
    except ValueError:
        fail(f"--before is {before!r}; allowed: a civil day, YYYY-MM-DD")
    with kafka_errors_explained(settings):
        allow_forgetting(settings, day)
    out.print(f"vehicles without a document since {civil_time.day_text(day)} may go", highlight=False)


def _find(settings: Settings, vin: str) -> KeptVehicle:
    from streams.kafka.owners import partition_of_vin
    from streams.service.kept_state import read_vehicles

    name = vin.strip().upper()
    number = partition_of_vin(name, settings.partitions)
    with kafka_errors_explained(settings):
        kept = read_vehicles(settings, number)
        found = next((vehicle for vehicle in kept if vehicle.vin == name), None)
    if found is None:
        fail(f"partition {number} keeps no vehicle {name!r}")
    return found


def _described(vehicle: KeptVehicle) -> dict[str, object]:
    import msgspec

    from streams.service.vehicle_view import vehicle_view

    if vehicle.fault:
        data = base64.b64encode(vehicle.data).decode()
        return {
            "vin": vehicle.vin,
            "partition": vehicle.partition,
            "fault": vehicle.fault,
            "data": data,
        }
    view = vehicle_view(vehicle.data, vehicle.vin)
    described: dict[str, object] = msgspec.to_builtins(view)
    return described | {"partition": vehicle.partition}
