-- What counts of a register, written from the document contract: civil days of Asia/Shanghai, the
-- highest revision of every identity, withdrawals, the limit of 64 documents, sales, watermarks.
create table documents as
select * replace (case when province <> 'Guangdong' then province end as province),
    coalesce(province = 'Guangdong', false) as dropped,
    upper(vin_written) as vin,
    case when length(occurred_at) = 10 then occurred_at::date
         else (timezone('UTC', occurred_at::timestamptz) + interval 8 hour)::date end as day,
    case when length(occurred_at) = 10 then 0
         else epoch_us(timezone('UTC', occurred_at::timestamptz) + interval 8 hour) % 86400000000 end as clock,
    coalesce(revision_written, 0) as revision,
    coalesce(status_written, 'valid') as status,
    case event_type when 'customs_export' then 4 when 'deregistration' then 5
         else case kind when 'initial' then 0 when 'reregistration' then 1 when 'transfer' then 2 else 3 end
         end as rank
from read_json(getvariable('register'), format = 'newline_delimited', columns = {
    event_type: 'VARCHAR', event_id: 'VARCHAR', source: 'VARCHAR', vin: 'VARCHAR', occurred_at: 'VARCHAR',
    recorded_at: 'DATE', revision: 'INTEGER', status: 'VARCHAR', kind: 'VARCHAR', province: 'VARCHAR',
    owner_id: 'VARCHAR', owner_type: 'VARCHAR', seller_id: 'VARCHAR', price_cny: 'DOUBLE',
    invoice_no: 'VARCHAR', odometer_km: 'DOUBLE', odometer_status: 'VARCHAR', brand: 'VARCHAR',
    fuel: 'VARCHAR', plate: 'VARCHAR', use: 'VARCHAR', owner_group: 'VARCHAR', seller_group: 'VARCHAR',
    reason: 'VARCHAR', declaration_no: 'VARCHAR', exporter_id: 'VARCHAR',
    destination: 'VARCHAR', condition: 'VARCHAR', value_cny: 'DOUBLE', trade_mode: 'VARCHAR',
    licence_applied_at: 'DATE', manufacturer_letter: 'BOOLEAN', exited_at: 'DATE', x_digest: 'VARCHAR'})
    as written(event_type, event_id, source, vin_written, occurred_at, recorded_at, revision_written,
        status_written);

create table watermarks as
with newest as (
    select event_type, source, max(least(day, coalesce(recorded_at, day))) as day
    from documents group by all
)
select event_type as feed, min(day) - 14 - 1 as complete_through
from (select *, max(day) over (partition by event_type) as front from newest)
where day >= front - 45
group by all;

-- One row an identity and VIN: the highest revision, of contradicting contents the greatest digest.
create table filed as
select *, max(x_digest) over same <> min(x_digest) over same as contested
from documents
window same as (partition by source, event_id, vin, revision)
qualify row_number() over (
    partition by source, event_id, vin order by revision desc, x_digest desc) = 1;

create table kept as
select *, count(*) over (partition by vin) > 64 as overfull
from filed
qualify row_number() over (partition by vin order by day, rank, clock, source, event_id) <= 32
     or row_number() over (partition by vin order by day desc, rank desc, clock desc, source desc, event_id desc) <= 32;

-- An amendment that carries another VIN takes the document away from the old one.
create table live as
select kept.*, row_number() over (partition by vin order by day, rank, clock, source, event_id) as n,
    event_type <> 'deregistration' as is_document,
    source || '/' || event_id as anchor,
    coalesce(exporter_id, owner_id) as buyer,
    case when event_type = 'customs_export' then 'exporter' else owner_type end as buyer_type,
    coalesce(kind, 'customs_export') as sale_kind,
    case when event_type = 'customs_export' then value_cny else price_cny end as price,
    case when event_type = 'deregistration' or odometer_status = 'not_read' then null
         when odometer_km = 0 and odometer_status is distinct from 'read' then null
         when odometer_km in (65535, 999999, 4294967295) then null
         else odometer_km end as kilometres,
    -- what documents of several holders share: kind, day, seller, and the invoice or else the price
    case when kind is not null and (invoice_no is not null or (seller_id is not null and price_cny > 0))
         then [kind, day::varchar, coalesce(seller_id, ''), coalesce('no ' || invoice_no, price_cny::varchar)]
         end as joint
from kept join (
    select source, event_id, max(revision) as highest from documents where status = 'valid' group by all
) using (source, event_id)
where status = 'valid' and revision >= highest;

-- What documents said first: of the revisions below the one that counts the first and the last are kept.
create table revised as
with said as (
    select *, case when odometer_status = 'not_read' or (odometer_km = 0 and odometer_status is distinct from 'read')
        or odometer_km in (65535, 999999, 4294967295) then null else odometer_km end as kilometres
    from documents
    qualify row_number() over (partition by source, event_id, vin, revision order by x_digest desc) = 1
),
ends as (
    select k.vin, k.source, k.event_id, min(s.revision) as first, max(s.revision) as last
    from kept k join said s using (vin, source, event_id) where s.revision < k.revision group by all
)
select k.vin, k.source || '/' || k.event_id as anchor, k.event_type, k.kind, k.status, k.day, k.recorded_at,
    n.kilometres as now_km, b.day as was_day, b.recorded_at as was_recorded, b.kilometres as was_km
from kept k join ends e using (vin, source, event_id) join said n using (vin, source, event_id, revision)
join said b on b.vin = k.vin and b.source = k.source and b.event_id = k.event_id
    and b.status = 'valid' and b.revision in (e.first, e.last)
qualify row_number() over (partition by k.vin, k.source, k.event_id order by b.revision) = 1;

create table initial as
select * from live where kind = 'initial' qualify row_number() over (partition by vin order by n) = 1;

create table used as select * from live where event_type = 'customs_export' and condition = 'used';

create table sales as
with documents as (
    select *, joint is not null and row_number() over (partition by vin, joint order by n) > 1 as joins_in,
        row_number() over (partition by vin, sale_kind, buyer, day order by n) = 1 as is_news
    from live where is_document
),
heads as (
    select *, lag(n) over (partition by vin order by n) as head, lag(joint) over (partition by vin order by n) as shared
    from documents where not joins_in
),
holders as (
    select d.vin, d.n, arg_min(h.buyer, h.n) as first_holder,
        bool_or(h.buyer is null) as one_unknown, list(h.buyer) as known
    from heads d join documents h
        on h.vin = d.vin and h.n < d.n and (h.n = d.head or (h.n > d.head and h.joint = d.shared))
    group by all
)
select d.*, case when event_type = 'customs_export' then first_holder else coalesce(seller_id, first_holder) end as seller
from heads d left join holders using (vin, n)
where is_news and sale_kind <> 'reregistration' and (head is null or sale_kind = 'initial' or case sale_kind
    when 'customs_export' then not one_unknown and not list_contains(known, buyer)
    else buyer is null or not list_contains(known, buyer) end);
