-- Everything known of one vehicle in order: its documents and its alerts.
SELECT vin, occurred_on, occurred_at, 'document' AS entry, event_type AS name, kind AS detail, status AS state,
       province, destination, odometer_km, price_cny, source || '/' || event_id AS reference
FROM documents
UNION ALL
SELECT subject, occurred_on, occurred_at, 'alert', detector, explanation, state,
       province, destination, NULL, NULL, alert_id
FROM alerts
WHERE subject_type = 'vehicle'
