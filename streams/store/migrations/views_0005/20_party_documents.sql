-- Who is named on which document and as what: owner, seller or exporter.
SELECT owner_id AS party_id, 'owner' AS role, owner_type AS party_type, vin, source, event_id, revision, event_type,
       kind, occurred_on, civil_day, province, price_cny, invoice_no, declaration_no, licence_no
FROM live_documents
WHERE owner_id IS NOT NULL
UNION ALL
SELECT seller_id, 'seller', NULL, vin, source, event_id, revision, event_type,
       kind, occurred_on, civil_day, province, price_cny, invoice_no, declaration_no, licence_no
FROM live_documents
WHERE seller_id IS NOT NULL
UNION ALL
SELECT exporter_id, 'exporter', 'exporter', vin, source, event_id, revision, event_type,
       kind, occurred_on, civil_day, province, price_cny, invoice_no, declaration_no, licence_no
FROM live_documents
WHERE exporter_id IS NOT NULL
