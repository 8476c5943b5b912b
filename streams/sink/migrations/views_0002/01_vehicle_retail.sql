-- One row a vehicle: its first registration, and how soon it was on its way out of the country.
-- On its way: endorsed for export, transferred to an exporter, or declared to customs as used.
WITH first_registrations AS (
    SELECT vin, civil_day, occurred_on, occurred_month, province, brand, fuel, owner_type, price_cny,
           ROW_NUMBER() OVER (PARTITION BY vin ORDER BY civil_day, source, event_id) AS place
    FROM documents
    WHERE status = 'valid' AND event_type = 'registration' AND kind = 'initial'
),
exports AS (
    SELECT vin, MIN(civil_day) AS civil_day, MIN(occurred_on) AS occurred_on,
           MAX(CASE WHEN event_type = 'customs_export' THEN price_cny END) AS declared_cny
    FROM documents
    WHERE status = 'valid'
      AND ((event_type = 'registration' AND kind = 'pending_export')
           OR (event_type = 'registration' AND kind = 'transfer' AND owner_type = 'exporter')
           OR (event_type = 'customs_export' AND kind = 'used'))
    GROUP BY vin
),
resales AS (
    SELECT vin, SUM(price_cny) AS invoiced_cny
    FROM documents
    WHERE status = 'valid' AND event_type = 'registration' AND kind IN ('transfer', 'pending_export')
    GROUP BY vin
)
SELECT f.vin, f.occurred_on AS registered_on, f.occurred_month AS registered_month, f.province, f.brand,
       f.fuel, f.owner_type, f.price_cny AS first_price_cny, e.occurred_on AS exported_on,
       e.civil_day - f.civil_day AS days_to_export,
       COALESCE(r.invoiced_cny, e.declared_cny) AS later_price_cny
FROM first_registrations f
LEFT JOIN exports e ON e.vin = f.vin AND e.civil_day >= f.civil_day
LEFT JOIN resales r ON r.vin = f.vin
WHERE f.place = 1
