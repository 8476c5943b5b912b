-- What links two parties: one sold cars to the other (sold), or sold cars first that the other exported (exported).
SELECT seller_id AS from_id, owner_id AS to_id, 'sold' AS relation, COUNT(DISTINCT vin) AS vehicles,
       MIN(occurred_on) AS first_on, MAX(occurred_on) AS last_on
FROM live_documents
WHERE seller_id IS NOT NULL AND owner_id IS NOT NULL
GROUP BY seller_id, owner_id
UNION ALL
SELECT first_seller_id, exporter_id, 'exported', COUNT(DISTINCT vin), MIN(occurred_on), MAX(occurred_on)
FROM export_declarations
WHERE first_seller_id IS NOT NULL
GROUP BY first_seller_id, exporter_id
