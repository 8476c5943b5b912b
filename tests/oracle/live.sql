-- What counts of a register, written from the document contract: civil days of Asia/Shanghai, the
-- highest revision of every identity, withdrawals, the limit of 64 documents, sales, watermarks.
create table documents as
select *,
    upper(vin_written) as vin,
    case when length(occurred_at) = 10 then occurred_at::date
         else (timezone('UTC', occurred_at::timestamptz) + interval 8 hour)::date end as day,
    case when length(occurred_at) = 10 then 0
         else epoch_us(timezone('UTC', occurred_at::timestamptz) + interval 8 hour) % 86400000000 end as clock,
    coalesce(revision_written, 0) as revision,
    coalesce(status_written, 'valid') as status,
    case event_type when 'customs_export' then 3 when 'deregistration' then 4
         else case kind when 'initial' then 0 when 'transfer' then 1 else 2 end end as rank
from read_json(getvariable('register'), format = 'newline_delimited', columns = {
    event_type: 'VARCHAR', event_id: 'VARCHAR', source: 'VARCHAR', vin: 'VARCHAR', occurred_at: 'VARCHAR',
    recorded_at: 'DATE', revision: 'INTEGER', status: 'VARCHAR', kind: 'VARCHAR', province: 'VARCHAR',
    owner_id: 'VARCHAR', owner_type: 'VARCHAR', seller_id: 'VARCHAR', price_cny: 'DOUBLE',
    invoice_no: 'VARCHAR', odometer_km: 'DOUBLE', odometer_status: 'VARCHAR', brand: 'VARCHAR',
    fuel: 'VARCHAR', plate: 'VARCHAR', reason: 'VARCHAR', declaration_no: 'VARCHAR', exporter_id: 'VARCHAR',
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
         else odometer_km end as kilometres
from kept join (
    select source, event_id, max(revision) as highest from documents where status = 'valid' group by all
) using (source, event_id)
where status = 'valid' and revision >= highest;

create table initial as
select * from live where kind = 'initial' qualify row_number() over (partition by vin order by n) = 1;

create table used as select * from live where event_type = 'customs_export' and condition = 'used';

create table sales as
with held as (
    select *, lag(buyer) over life as holder, row_number() over life = 1 as is_first,
        row_number() over (partition by vin, sale_kind, buyer, day order by n) = 1 as is_news
    from live where is_document
    window life as (partition by vin order by n)
)
select *, case when event_type = 'customs_export' then holder else coalesce(seller_id, holder) end as seller
from held
where is_news and (is_first or sale_kind = 'initial' or case sale_kind
    when 'customs_export' then holder is not null and buyer <> holder
    else buyer is null or buyer is distinct from holder end);
