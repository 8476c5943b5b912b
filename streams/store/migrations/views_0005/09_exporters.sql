-- Key: exporter_id
-- Exporters by what they declare and how much of it stands under an alert. An indicator, not a verdict.
SELECT exporter_id, MAX(province) AS province, MIN(occurred_on) AS first_declaration_on,
       MAX(occurred_on) AS last_declaration_on, COUNT(*) AS declarations,
       COUNT(*) FILTER (WHERE alerts > 0) AS declarations_under_alert,
       1.0 * COUNT(*) FILTER (WHERE alerts > 0) / COUNT(*) AS share_under_alert,
       COUNT(*) FILTER (WHERE days_to_export <= 30) AS within_30_days,
       SUM(declared_cny) AS declared_cny
FROM export_declarations
GROUP BY exporter_id
