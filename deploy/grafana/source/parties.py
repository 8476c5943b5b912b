"""Parties: who is behind it, what links them, and one party's vehicles."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.source.boards import board, choice, finished, text
from deploy.grafana.source.panels import FULL, HALF, listing
from deploy.grafana.source.queries import rows

CHOSEN = "trim(${party:sqlstring})"


def parties() -> Dashboard:
    """For auditors whose first question is who."""
    builder = board(
        "zeromile-parties", "Parties", "Owners, sellers and exporters behind the alerts. An indicator, not a verdict.",
        "now-2y",
    )  # fmt: skip
    sql = "SELECT DISTINCT COALESCE(province, 'none') FROM double_sales"
    builder = builder.with_variable(choice("province", "Province", sql))
    return finished(builder.with_variable(text("party", "Party")), [*_behind(), *_one_party()])


def _behind() -> list[object]:
    return [
        listing("Dealers and exporters behind double sales", "First seller and exporter of the cars that were sold twice, "
                "those with the most of them first.",
                rows("""SELECT first_seller_id AS seller, exporter_id AS exporter, COUNT(DISTINCT vin) AS vehicles,
                        MIN(occurred_on) AS first_on, MAX(occurred_on) AS last_on FROM double_sales
                        WHERE COALESCE(province, 'none') IN (${province:sqlstring}) AND $__timeFilter(occurred_on)
                        GROUP BY 1, 2 ORDER BY vehicles DESC, seller, exporter LIMIT 200"""), span=HALF),
        listing("Parties under most alerts", "Parties by vehicles that were sold twice, then by vehicles under any alert.",
                rows("""SELECT party_id AS party, party_type, province, vehicles, vehicles_sold_twice, vehicles_with_alerts,
                        share_with_alerts, first_on, last_on FROM parties WHERE vehicles_with_alerts > 0
                        ORDER BY vehicles_sold_twice DESC, vehicles_with_alerts DESC, party_id LIMIT 200"""),
                units={"share_with_alerts": "percentunit"}, span=HALF),
        listing("Double sales: what to ask for", "Both sales with their invoices, and the declaration after.",
                rows("""SELECT occurred_on, vin, severity, first_seller_id, first_buyer_id, first_invoice_no, second_buyer_id,
                        second_invoice_no, exporter_id, declaration_no, licence_no, exit_customs FROM double_sales
                        WHERE COALESCE(province, 'none') IN (${province:sqlstring}) AND $__timeFilter(occurred_on)
                        ORDER BY occurred_on DESC, vin LIMIT 500"""), span=FULL),
    ]  # fmt: skip


def _one_party() -> list[object]:
    return [
        listing("Vehicles of the party", "The part that the party had in each, and what stands against the car.",
                rows(f"""SELECT vin, as_owner, as_seller, as_exporter, alerts, double_sales, first_on, last_on
                         FROM party_vehicles WHERE party_id = {CHOSEN}
                         ORDER BY double_sales DESC, alerts DESC, vin LIMIT 500"""), span=HALF),
        listing("Links of the party", "Sold: the one sold to the other. Exported: the one sold first what the other "
                "exported.",
                rows(f"""SELECT from_id, to_id, relation, vehicles, first_on, last_on FROM party_links
                         WHERE from_id = {CHOSEN}
                         UNION ALL SELECT from_id, to_id, relation, vehicles, first_on, last_on FROM party_links
                         WHERE to_id = {CHOSEN} ORDER BY vehicles DESC, from_id, to_id LIMIT 500"""), span=HALF),
    ]  # fmt: skip
