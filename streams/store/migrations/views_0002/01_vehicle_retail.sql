-- One row a vehicle: its first registration, and how soon it was on its way out of the country.
-- On its way: endorsed for export, transferred to an exporter, or declared to customs as used.
WITH named AS (
    SELECT *,
           CASE
               WHEN event_type = 'customs_export' AND kind = 'used' THEN 'declared'
               WHEN event_type <> 'registration' THEN NULL
               WHEN kind = 'initial' THEN 'first'
               WHEN kind = 'pending_export' OR owner_type = 'exporter' THEN 'endorsed'
               ELSE 'transferred'
           END AS step
    FROM documents
    WHERE status = 'valid'
),
ranked AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY vin, step ORDER BY civil_day, source, event_id) AS place
    FROM named
    WHERE step IS NOT NULL
),
lives AS (
    SELECT vin,
           MIN(CASE WHEN step = 'first' AND place = 1 THEN civil_day END) AS first_day,
           MIN(CASE WHEN step = 'first' AND place = 1 THEN occurred_on END) AS registered_on,
           MIN(CASE WHEN step = 'first' AND place = 1 THEN occurred_month END) AS registered_month,
           MIN(CASE WHEN step = 'first' AND place = 1 THEN province END) AS province,
           MIN(CASE WHEN step = 'first' AND place = 1 THEN brand END) AS brand,
           MIN(CASE WHEN step = 'first' AND place = 1 THEN fuel END) AS fuel,
           MIN(CASE WHEN step = 'first' AND place = 1 THEN owner_type END) AS owner_type,
           MIN(CASE WHEN step = 'first' AND place = 1 THEN price_cny END) AS first_price_cny,
           MIN(CASE WHEN step IN ('declared', 'endorsed') THEN civil_day END) AS export_day,
           MIN(CASE WHEN step IN ('declared', 'endorsed') THEN occurred_on END) AS first_export_on,
           SUM(CASE WHEN step IN ('endorsed', 'transferred') THEN price_cny END) AS invoiced_cny,
           MAX(CASE WHEN step = 'declared' THEN price_cny END) AS declared_cny
    FROM ranked
    GROUP BY vin
)
SELECT vin, registered_on, registered_month, province, brand, fuel, owner_type, first_price_cny,
       CASE WHEN export_day >= first_day THEN first_export_on END AS exported_on,
       CASE WHEN export_day >= first_day THEN export_day - first_day END AS days_to_export,
       COALESCE(invoiced_cny, declared_cny) AS later_price_cny
FROM lives
WHERE first_day IS NOT NULL
