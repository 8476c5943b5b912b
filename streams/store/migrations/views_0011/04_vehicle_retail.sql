-- Key: vin
-- One row a vehicle: its first registration, and the first export declaration that follows it, whatever
-- condition that states: a registered car is not new.
WITH initial AS (
    SELECT * FROM (
        SELECT *, ROW_NUMBER() OVER (PARTITION BY vin ORDER BY civil_day, occurred_at, source, event_id) AS place
        FROM live_documents
        WHERE event_type = 'registration' AND kind = 'initial'
    ) AS ranked WHERE place = 1
),
declared AS (
    SELECT * FROM (
        SELECT d.vin, d.civil_day, d.occurred_on, d.price_cny,
               ROW_NUMBER() OVER (
                   PARTITION BY d.vin ORDER BY d.civil_day, d.occurred_at, d.source, d.event_id
               ) AS place
        FROM live_documents d
        JOIN initial i ON i.vin = d.vin AND d.civil_day >= i.civil_day
        WHERE d.event_type = 'customs_export'
    ) AS ranked WHERE place = 1
),
purchase AS (
    SELECT * FROM (
        SELECT d.vin, d.price_cny,
               ROW_NUMBER() OVER (
                   PARTITION BY d.vin
                   ORDER BY d.civil_day DESC,
                            CASE d.kind WHEN 'initial' THEN 0 WHEN 'pending_export' THEN 2 ELSE 1 END DESC,
                            d.occurred_at DESC, d.source DESC, d.event_id DESC
               ) AS place
        FROM live_documents d
        JOIN declared e ON e.vin = d.vin AND d.civil_day <= e.civil_day
        WHERE d.event_type = 'registration' AND d.price_cny IS NOT NULL
    ) AS ranked WHERE place = 1
)
SELECT i.vin, i.occurred_on AS registered_on, i.occurred_month AS registered_month, i.province, i.brand, i.fuel,
       i.owner_type, i.seller_id AS first_seller_id, i.price_cny AS first_price_cny,
       e.occurred_on AS exported_on,
       e.civil_day - i.civil_day AS days_to_export,
       e.price_cny AS declared_cny,
       COALESCE(p.price_cny / (1 + c.value_added_tax), e.price_cny) AS purchase_before_tax_cny
FROM initial i
CROSS JOIN country c
LEFT JOIN declared e ON e.vin = i.vin
LEFT JOIN purchase p ON p.vin = i.vin
