"""Adjusted retail once more, in SQL over the published documents; shares no code with the report."""

import duckdb

QUERY = """
with live as (
    select * from (
        select *, row_number() over (partition by source, event_id order by revision desc) as newest
        from documents
    ) where newest = 1 and status = 'valid'
),
timed as (
    select *,
        case when length(occurred_at) = 10 then occurred_at::date
             else make_timestamp(epoch_us(occurred_at::timestamptz) + 28_800_000_000)::date
        end as day,
        case when length(occurred_at) = 10 then 0
             else (epoch_us(occurred_at::timestamptz) + 28_800_000_000) % 86400000000
        end as clock
    from live
),
initials as (
    select * from (
        select *, row_number() over (partition by vin order by day, clock, source, event_id) as nth
        from timed where event_type = 'registration' and kind = 'initial'
    ) where nth = 1
),
early as (
    select * from (
        select d.*, row_number() over (
            partition by d.vin order by d.day, d.clock, d.source, d.event_id
        ) as nth
        from timed d join initials i on d.vin = i.vin
        where d.event_type = 'customs_export' and d.day - i.day between 0 and 180
    ) where nth = 1
),
purchases as (
    select * from (
        select r.vin, r.price_cny, row_number() over (
            partition by r.vin
            order by r.day desc,
                case r.kind when 'initial' then 0 when 'transfer' then 1 else 2 end desc,
                r.clock desc, r.source desc, r.event_id desc
        ) as nth
        from timed r join early e on r.vin = e.vin
        where r.event_type = 'registration' and r.day <= e.day and r.price_cny is not null
    ) where nth = 1
)
select
    i.province,
    strftime(i.day, '%Y-%m') as month,
    count(*) as registered,
    count(e.vin) as exported,
    coalesce(sum(i.price_cny::decimal(18, 2)), 0) as turnover,
    coalesce(sum(i.price_cny::decimal(18, 2)) filter (e.vin is not null), 0) as double_counted,
    coalesce(sum(e.value_cny::decimal(18, 2)), 0) as declared,
    coalesce(sum(0.13 * coalesce(p.price_cny / 1.13, e.value_cny)) filter (e.vin is not null), 0) as exposure,
    count(*) filter (i.price_cny is null) as unpriced,
    count(*) filter (e.vin is not null and p.price_cny is null and e.value_cny is null) as exported_unpriced
from initials i
left join early e on e.vin = i.vin
left join purchases p on p.vin = i.vin
group by all
"""  # noqa: E501 - one expression a line

COLUMNS = {
    "event_type": "varchar", "source": "varchar", "event_id": "varchar", "vin": "varchar",
    "occurred_at": "varchar", "revision": "integer", "status": "varchar", "kind": "varchar",
    "province": "varchar", "price_cny": "double", "value_cny": "double",
}  # fmt: skip


def adjusted_retail(lines, folder):
    """Rows of the query by (province, month); the lines pass through a file in the folder."""
    path = folder / "documents.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    with duckdb.connect() as connection:
        connection.execute(
            f"""create table documents as select * replace (
                upper(vin) as vin,
                coalesce(revision, 0) as revision,
                coalesce(status, 'valid') as status
            ) from read_json('{path}', format = 'newline_delimited', columns = {COLUMNS})"""  # noqa: S608 - our own path
        )
        result = connection.execute(QUERY)
        names = [column[0] for column in result.description]
        found = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return {(row.pop("province"), row.pop("month")): row for row in found}
