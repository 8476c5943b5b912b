"""The two rules in DuckDB's SQL, over JSON Lines: `FILE OUT`; writes vehicle and rule as CSV."""

import sys

import duckdb

QUERY = """
with documents as (
    select distinct event_id, vin, occurred_at as day, coalesce(exporter_id, owner_id) as owner,
        case when event_type = 'customs_export' then 3 when kind = 'pending_export' then 2
             when kind = 'transfer' then 1 else 0 end as rank
    from read_json($file, format = 'newline_delimited', columns = {
        event_id: 'VARCHAR', event_type: 'VARCHAR', vin: 'VARCHAR', occurred_at: 'DATE',
        kind: 'VARCHAR', owner_id: 'VARCHAR', exporter_id: 'VARCHAR'})
    where event_type <> 'deregistration'
),
changes as (
    select vin, day, rank, owner from documents
    qualify owner is distinct from lag(owner) over (partition by vin order by day, rank, owner)
),
sold as (
    select distinct vin from (
        select vin, day - lag(day) over (partition by vin order by day, rank, owner) as apart
        from changes
    ) where apart <= 6
),
registered as (select vin, min(day) as day from documents where rank = 0 group by vin),
abroad as (
    select vin, min(d.day) - any_value(r.day) as days from documents d join registered r using (vin)
    where d.rank >= 2 and d.day >= r.day group by vin
)
select vin, 'double_sale' as rule from sold
union all select vin, 'flash_registration' from abroad where days <= 7
"""

file, out = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"copy ({QUERY}) to '{out}' (format csv, header)", {"file": file})
