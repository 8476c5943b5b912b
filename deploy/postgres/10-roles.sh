#!/usr/bin/env bash
# Runs once, on an empty data directory: the writer owns the database, the reader only reads.
set -euo pipefail

: "${ZEROMILE_WRITER_PASSWORD:?is not set}" "${ZEROMILE_READER_PASSWORD:?is not set}"

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
    --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set writer_password="$ZEROMILE_WRITER_PASSWORD" \
    --set reader_password="$ZEROMILE_READER_PASSWORD" <<'SQL'
CREATE ROLE zeromile_writer LOGIN PASSWORD :'writer_password';
CREATE ROLE zeromile_reader LOGIN PASSWORD :'reader_password' CONNECTION LIMIT 20;
ALTER ROLE zeromile_reader SET default_transaction_read_only = on;
ALTER ROLE zeromile_reader SET statement_timeout = '30s';
CREATE DATABASE zeromile OWNER zeromile_writer;
REVOKE ALL ON DATABASE zeromile FROM PUBLIC;
GRANT CONNECT ON DATABASE zeromile TO zeromile_reader;
\connect zeromile
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO zeromile_writer;
GRANT USAGE ON SCHEMA public TO zeromile_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE zeromile_writer IN SCHEMA public
    GRANT SELECT ON TABLES TO zeromile_reader;
SQL
