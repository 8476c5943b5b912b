-- Key: vin
-- The used export that a vehicle counts for: its first used declaration, in the exporter's province, else the one
-- the goods came from, else the one that registered the car before.
SELECT vin, source, event_id, occurred_on, occurred_week, province, exporter_id, brand, fuel, destination,
       exit_customs, declaration_no, licence_no, odometer_km, odometer_status, declared_cny
FROM (
    SELECT d.vin, d.source, d.event_id, d.occurred_on, d.occurred_week, d.exporter_id, d.brand, d.fuel,
           d.destination, d.exit_customs, d.declaration_no, d.licence_no, d.odometer_km, d.odometer_status,
           d.price_cny AS declared_cny,
           COALESCE(d.province, (
               SELECT r.province FROM live_documents r
               WHERE r.vin = d.vin AND r.event_type = 'registration' AND r.civil_day <= d.civil_day
               ORDER BY r.civil_day DESC,
                        CASE r.kind WHEN 'initial' THEN 0 WHEN 'pending_export' THEN 2 ELSE 1 END DESC,
                        r.occurred_at DESC, r.source DESC, r.event_id DESC
               LIMIT 1
           )) AS province,
           ROW_NUMBER() OVER (PARTITION BY d.vin ORDER BY d.civil_day, d.occurred_at, d.source, d.event_id) AS place
    FROM live_documents d
    WHERE d.event_type = 'customs_export' AND d.kind = 'used'
) AS ranked
WHERE place = 1 AND province IS NOT NULL
