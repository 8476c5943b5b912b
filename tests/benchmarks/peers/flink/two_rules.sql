-- The two-rule job in Flink SQL: documents in the order of their event time, patterns by vehicle.
--
-- A change of hands is a document by another owner than the document before it. Documents may come
-- LATEST_DAYS after their event, hence the watermark; WITHIN bounds the state to the window.
SET 'parallelism.default' = '1';
SET 'execution.checkpointing.interval' = '10 s';
SET 'execution.checkpointing.dir' = 'file://${DIRECTORY}';
SET 'table.local-time-zone' = 'UTC';

CREATE TABLE documents (
  vin STRING,
  event_type STRING,
  kind STRING,
  owner_id STRING,
  exporter_id STRING,
  occurred_at STRING,
  happened AS CAST(occurred_at || ' 00:00:00' AS TIMESTAMP(3)),
  place AS CASE
    WHEN event_type = 'customs_export' THEN 3
    WHEN kind = 'pending_export' THEN 2
    WHEN kind = 'transfer' THEN 1
    ELSE 0
  END,
  owner AS COALESCE(owner_id, exporter_id),
  WATERMARK FOR happened AS happened - INTERVAL '${LATEST_DAYS}' DAY
) WITH (
  'connector' = 'kafka',
  'topic' = '${TOPICS}',
  'properties.bootstrap.servers' = '${SERVERS}',
  'properties.group.id' = '${ALERTS}',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'json'
);

CREATE TABLE alerts (
  vin STRING,
  rule STRING
) WITH (
  'connector' = 'kafka',
  'topic' = '${ALERTS}',
  'properties.bootstrap.servers' = '${SERVERS}',
  'key.format' = 'raw',
  'key.fields' = 'vin',
  'format' = 'json'
);

CREATE VIEW changes AS
SELECT vin, happened, place, owner FROM documents WHERE event_type <> 'deregistration';

EXECUTE STATEMENT SET BEGIN
INSERT INTO alerts
SELECT vin, 'double_sale' FROM changes MATCH_RECOGNIZE (
  PARTITION BY vin
  ORDER BY happened, place
  MEASURES B.happened AS again
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B) WITHIN INTERVAL '7' DAY
  DEFINE B AS B.owner <> A.owner
);

INSERT INTO alerts
SELECT vin, 'flash_registration' FROM changes MATCH_RECOGNIZE (
  PARTITION BY vin
  ORDER BY happened, place
  MEASURES S.happened AS abroad
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (I N*? S) WITHIN INTERVAL '8' DAY
  DEFINE I AS I.place = 0, N AS N.place < 2, S AS S.place >= 2
);
END;
