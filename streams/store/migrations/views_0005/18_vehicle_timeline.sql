-- Everything known of one vehicle in order, each entry with a sentence: its documents and its alerts.
SELECT vin, civil_day, occurred_on, occurred_at, 'document' AS entry, event_type AS name, kind AS detail,
       status AS state, province, destination, odometer_km, price_cny, source || '/' || event_id AS reference,
       CASE WHEN event_type = 'customs_export' THEN 3 WHEN event_type = 'deregistration' THEN 4
            WHEN kind = 'initial' THEN 0 WHEN kind = 'pending_export' THEN 2 ELSE 1 END AS place,
       CASE status WHEN 'void' THEN 'Withdrawn: ' ELSE '' END
       || CASE WHEN event_type = 'customs_export' THEN 'declared for export as ' || kind
               WHEN event_type = 'deregistration' THEN 'deregistered (' || kind || ')'
               WHEN kind = 'initial' THEN 'first registration'
               WHEN kind = 'pending_export' THEN 'transfer pending export'
               ELSE kind END
       || COALESCE(' in ' || province, '') || COALESCE(' to ' || destination, '')
       || COALESCE(', ' || owner_type, '') || COALESCE(' ' || owner_id, '')
       || COALESCE(', exporter ' || exporter_id, '') || COALESCE(', sold by ' || seller_id, '')
       || COALESCE(', ' || CAST(CAST(ROUND(price_cny) AS BIGINT) AS TEXT) || ' CNY', '')
       || COALESCE(', ' || CAST(CAST(ROUND(odometer_km) AS BIGINT) AS TEXT) || ' km', '')
       || COALESCE(', invoice ' || invoice_no, '') || COALESCE(', declaration ' || declaration_no, '')
       || COALESCE(', licence ' || licence_no, '') AS sentence
FROM documents
UNION ALL
SELECT subject, civil_day, occurred_on, occurred_at, 'alert', detector, explanation, state,
       province, destination, NULL, NULL, alert_id, 5, title || ' (' || severity || '): ' || explanation
FROM alerts
WHERE subject_type = 'vehicle'
ORDER BY vin, civil_day, place, reference
