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
    priced = [sale for sale in history.sales if sale.price_cny]
    if not priced or priced[0].to_exporter:
        return False
    first = priced[0].price_cny or 0.0
    abroad = [sale.price_cny for sale in priced if sale.to_exporter]
    abroad += [each.value_cny for each in history.declarations if each.value_cny]
    at_home = [sale.price_cny for sale in priced if not sale.to_exporter][-1]
    lost = SYMBOLIC_SHARE * first <= (at_home or 0.0) < share * first
    return lost and bool(abroad) and all((price or 0.0) < share * first for price in abroad)
