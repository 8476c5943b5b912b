-- Key: vin, source, event_id
-- "Is this used car really used?" One row a declaration, with what destination customs compare.
SELECT d.vin, d.source, d.event_id, d.occurred_on, d.occurred_month, d.province, d.brand, d.model, d.exporter_id,
       d.declaration_no, d.licence_no, d.destination, d.exit_customs, d.odometer_km, d.price_cny AS declared_cny,
       r.registered_on, r.owner_type AS first_owner_type, r.first_seller_id, r.first_price_cny,
       d.price_cny / NULLIF(r.first_price_cny, 0) AS declared_ratio,
       r.days_to_export, COALESCE(f.alerts, 0) AS alerts, COALESCE(f.worst_severity_rank, 0) AS worst_severity_rank
FROM live_documents d
LEFT JOIN vehicle_retail r ON r.vin = d.vin
LEFT JOIN firing_vehicles f ON f.vin = d.vin
WHERE d.event_type = 'customs_export' AND d.kind = 'used'
