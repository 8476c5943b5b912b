"""The two rules as the catalogue means them, in DuckDB's SQL over JSON Lines: `FILE OUT`.

Highest revisions, withdrawals, several holders of one invoice and all look-alikes included, but for the
limit of documents a vehicle. Lines that are no documents are passed over, as far as the engine sees it.
Writes vehicle and rule as CSV.
"""

import sys

import duckdb

STEPS = (
    # Documents that can matter: vehicles with two of them, none of which is outdated or withdrawn.
    """
create table documents as
select *, case when length(written) = 10 then try_cast(written as date)
          else (timezone('UTC', try_cast(written as timestamptz)) + interval 8 hour)::date end as day,
    case when length(written) = 10 then 0
         else epoch_us(timezone('UTC', try_cast(written as timestamptz)) + interval 8 hour)
              % 86400000000 end as clock
from read_json($file, format = 'newline_delimited', ignore_errors = true, columns = {
    event_type: 'VARCHAR', event_id: 'VARCHAR', source: 'VARCHAR', vin: 'VARCHAR',
    occurred_at: 'VARCHAR',
    revision: 'INTEGER', status: 'VARCHAR', date_precision: 'VARCHAR', kind: 'VARCHAR',
    owner_id: 'VARCHAR',
    owner_type: 'VARCHAR', seller_id: 'VARCHAR', price_cny: 'DOUBLE', invoice_no: 'VARCHAR',
    use: 'VARCHAR',
    owner_group: 'VARCHAR', seller_group: 'VARCHAR', reason: 'VARCHAR',
    exporter_id: 'VARCHAR',
    condition: 'VARCHAR', manufacturer_letter: 'BOOLEAN'})
    as lines(event_type, event_id, source, vin, written)
where event_type in ('registration', 'deregistration', 'customs_export')
    and coalesce(date_precision, 'day') in ('day', 'month')
""",
    """
create table live as
with several as (select vin from documents group by vin having count(*) > 1),
newest as (
    select * from documents semi join several using (vin)
    where day is not null
    qualify row_number() over (partition by source, event_id order by coalesce(revision, 0) desc) = 1
)
select vin, source, event_id, day, kind, reason, use, owner_group, seller_group, seller_id, condition,
    manufacturer_letter, price_cny, invoice_no, coalesce(date_precision, 'day') = 'day' as exact,
    event_type = 'customs_export' as declared, event_type <> 'deregistration' as is_document,
    coalesce(exporter_id, owner_id) as buyer,
    case when event_type = 'customs_export' then 'exporter' else owner_type end as buyer_type,
    coalesce(kind, 'customs_export') as sale_kind,
    case when kind is not null and (invoice_no is not null or (seller_id is not null and price_cny > 0))
         then concat_ws('|', kind, day, coalesce(seller_id, ''),
             coalesce('no ' || invoice_no, price_cny::varchar))
         end as joint,
    row_number() over (partition by vin order by day, case when event_type = 'customs_export' then 4
        when event_type = 'deregistration' then 5 when kind = 'initial' then 0
        when kind = 'reregistration' then 1 when kind = 'transfer' then 2 else 3 end,
        clock, source, event_id) as n
from newest where coalesce(status, 'valid') = 'valid'
""",
    "create table initial as select * from live where kind = 'initial' "
    "qualify row_number() over (partition by vin order by n) = 1",
    # Sales of the vehicles on which two documents lie close together.
    """
create table near as
select distinct vin from (
    select vin, day - lag(day) over (partition by vin order by n) as apart from live where is_document
) where apart < 7
""",
    """
create table sales as
with documents as (
    select *,
        joint is not null and row_number() over (partition by vin, joint order by n) > 1 as joins_in,
        row_number() over (partition by vin, sale_kind, buyer, day order by n) = 1 as is_news
    from live semi join near using (vin) where is_document
),
heads as (
    select *, lag(n) over (partition by vin order by n) as head,
        lag(joint) over (partition by vin order by n) as shared
    from documents where not joins_in
),
holders as (
    select d.vin, d.n, arg_min(h.buyer, h.n) as first_holder,
        bool_or(h.buyer is null) as one_unknown, list(h.buyer) as known
    from heads d join documents h
        on h.vin = d.vin and h.n < d.n and (h.n = d.head or (h.n > d.head and h.joint = d.shared))
    group by all
)
select d.*, case when declared then first_holder else coalesce(seller_id, first_holder) end as seller
from heads d left join holders using (vin, n)
where is_news and sale_kind <> 'reregistration'
    and (head is null or sale_kind = 'initial' or case sale_kind
    when 'customs_export' then not one_unknown and not list_contains(known, buyer)
    else buyer is null or not list_contains(known, buyer) end)
""",
)
QUERY = """
select distinct l.vin, 'double_sale' as rule
from sales l join sales e on e.vin = l.vin and e.n < l.n and l.day - e.day < 7
left join initial i on i.vin = l.vin
where l.exact and e.exact and not coalesce(l.buyer = e.buyer, false)
  and (l.buyer_type = 'exporter' or l.sale_kind in ('pending_export', 'customs_export')
       or (l.buyer is distinct from e.seller or l.buyer is null) and not exists (
           from live b where b.vin = l.vin and b.reason in ('returned', 'revoked')
           and b.day between e.day and l.day))
  and not coalesce(e.sale_kind = 'transfer' and e.buyer_type = 'dealer' and e.day <= i.day, false)
  and not coalesce(l.sale_kind in ('initial', 'transfer') and l.buyer_type is distinct from 'exporter'
      and (coalesce(l.use = 'rental' and l.buyer_type = 'rental', false)
           or coalesce(l.owner_group = l.seller_group, false)
           or coalesce(l.owner_group = e.owner_group, false)), false)
union all
select vin, 'flash_registration' from (
    select p.vin, arg_min(p.exact and i.exact, p.n) as exact, min(p.day) - any_value(i.day) as days
    from live p join initial i using (vin)
    where p.is_document and p.day >= i.day and (p.kind = 'pending_export' or p.buyer_type = 'exporter'
        and not p.declared or (p.declared and p.condition = 'used'))
    group by p.vin
) where days <= 7 and exact and vin not in (select vin from live where manufacturer_letter)
"""

file, out = sys.argv[1:]
connection = duckdb.connect()
connection.execute("set timezone = 'UTC'")
for number, step in enumerate(STEPS):
    connection.execute(step, {"file": file} if number == 0 else None)
connection.execute(f"copy ({QUERY}) to '{out}' (format csv, header)")
