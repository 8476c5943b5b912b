-- Key: party_id
-- Owners, sellers and exporters by what they had to do with. An indicator, not a verdict.
WITH sold_twice AS (
    SELECT DISTINCT subject AS vin FROM firing_alerts WHERE detector = 'double_sale'
),
named AS (
    SELECT party_id, vin, COUNT(*) AS documents, MAX(party_type) AS party_type, MAX(province) AS province,
           MAX(CASE role WHEN 'owner' THEN 1 ELSE 0 END) AS owned,
           MAX(CASE role WHEN 'seller' THEN 1 ELSE 0 END) AS sold,
           MAX(CASE role WHEN 'exporter' THEN 1 ELSE 0 END) AS exported,
           MIN(occurred_on) AS first_on, MAX(occurred_on) AS last_on
    FROM party_documents
    GROUP BY party_id, vin
)
SELECT n.party_id, MAX(n.party_type) AS party_type, MAX(n.province) AS province,
       SUM(n.documents) AS documents, COUNT(*) AS vehicles,
       SUM(n.owned) AS vehicles_owned, SUM(n.sold) AS vehicles_sold, SUM(n.exported) AS vehicles_exported,
       COUNT(f.vin) AS vehicles_with_alerts, COUNT(t.vin) AS vehicles_sold_twice,
       1.0 * COUNT(f.vin) / COUNT(*) AS share_with_alerts,
       COALESCE(MAX(f.worst_severity_rank), 0) AS worst_severity_rank,
       MIN(n.first_on) AS first_on, MAX(n.last_on) AS last_on
FROM named n
LEFT JOIN firing_vehicles f ON f.vin = n.vin
LEFT JOIN sold_twice t ON t.vin = n.vin
GROUP BY n.party_id
