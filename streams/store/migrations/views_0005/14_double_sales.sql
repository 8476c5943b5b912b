-- Key: alert_id
-- Vehicles sold twice within a rolling week: both sales with buyer, seller and invoice, and the declaration after.
SELECT a.alert_id, a.subject AS vin, a.severity, a.severity_rank, a.score, a.province, a.brand, a.occurred_on,
       a.occurred_month,
       CAST(a.facts ->> 'first_sale' AS TEXT) AS first_sale,
       CAST(a.facts ->> 'second_sale' AS TEXT) AS second_sale,
       CAST(a.facts ->> 'days_between' AS INTEGER) AS days_between,
       CAST(a.facts ->> 'to_exporter' AS TEXT) IN ('true', '1') AS to_exporter,
       CAST(a.facts ->> 'first_price_cny' AS DOUBLE PRECISION) AS first_price_cny,
       CAST(a.facts ->> 'second_price_cny' AS DOUBLE PRECISION) AS second_price_cny,
       f.seller_id AS first_seller_id, COALESCE(f.owner_id, f.exporter_id) AS first_buyer_id,
       f.owner_type AS first_buyer_type, f.invoice_no AS first_invoice_no,
       e.source || '/' || e.event_id AS first_document,
       COALESCE(s.seller_id, f.owner_id) AS second_seller_id,
       COALESCE(s.owner_id, s.exporter_id) AS second_buyer_id,
       COALESCE(s.owner_type, CASE WHEN s.exporter_id IS NOT NULL THEN 'exporter' END) AS second_buyer_type,
       s.invoice_no AS second_invoice_no, l.source || '/' || l.event_id AS second_document,
       x.exporter_id, x.declaration_no, x.licence_no, x.occurred_on AS declared_on, x.destination, x.exit_customs,
       a.explanation
FROM firing_alerts a
LEFT JOIN alert_evidence e ON e.alert_id = a.alert_id AND e.revision = a.revision AND e.position = 0
LEFT JOIN alert_evidence l ON l.alert_id = a.alert_id AND l.revision = a.revision AND l.position = 1
LEFT JOIN documents f ON f.vin = e.document_vin AND f.source = e.source AND f.event_id = e.event_id
LEFT JOIN documents s ON s.vin = l.document_vin AND s.source = l.source AND s.event_id = l.event_id
LEFT JOIN counted_exports x ON x.vin = a.subject
WHERE a.detector = 'double_sale'
