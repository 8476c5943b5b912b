"""A car that lost its worth at home: damaged, sold as a wreck, and then sold abroad as one."""

from detectors.history import VehicleHistory

SYMBOLIC_SHARE = 0.05
"""A price below this share of the first one is a gift's, and tells nothing of a car's worth."""


def is_wreck(history: VehicleHistory, share: float) -> bool:
    """Whether a sale at home and every figure of the export put a car far below its first price.

    Nobody who means to pass a new car off as a used one gives it away first: the rebate follows the
    invoice. A low declared value alone shows nothing, for that is under-declaring; nor does a
    price that nobody states.

    Parameters
    ----------
    history
        The vehicle.
    share
        Share of the first price below which a car is as good as lost.
    """
    first, at_home, abroad = 0.0, 0.0, False
    for sale in history.sales:
        price = sale.price_cny
        if not price:
            continue
        if not first:
            if sale.to_exporter:
                return False
            first = price
        if not sale.to_exporter:
            at_home = price
        elif price < share * first:
            abroad = True
        else:
            return False
    if not SYMBOLIC_SHARE * first <= at_home < share * first:
        return False
    values = [each.value_cny for each in history.declarations if each.value_cny]
    return (abroad or bool(values)) and all(value < share * first for value in values)
