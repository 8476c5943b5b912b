"""Documents written by hand, as a registry would publish them."""


def registered(vin, day, **fields):
    document = {
        "event_type": "registration", "source": "registry", "event_id": f"R-{vin}-{day}",
        "vin": f"CAR-{vin}",
        "occurred_at": day, "kind": "initial", "province": "CN-GD", "owner_id": "first",
        "price_cny": 113_000,
    }  # fmt: skip
    return document | fields


def exported(vin, day, **fields):
    document = {
        "event_type": "customs_export", "source": "customs", "event_id": f"C-{vin}-{day}",
        "vin": f"CAR-{vin}",
        "occurred_at": day, "declaration_no": f"D-{vin}-{day}", "exporter_id": "exporter",
        "exporter_province": "CN-TJ", "destination": "KZ", "condition": "used", "value_cny": 105_000,
    }  # fmt: skip
    return document | fields
