-- Every rule once more, written from its docstring and the policy: detector, vin, anchor, severity, day.
create table readings as select * from live where kilometres is not null;

create table reading_at as
select d.vin, d.n, r.day as read_on, r.kilometres
from used d join readings r on r.vin = d.vin and (r.n = d.n or d.day - r.day between 0 and 90)
qualify row_number() over (partition by d.vin, d.n order by r.n = d.n desc, r.n desc) = 1;

create table slips as
with days as (
    select vin, day, max(kilometres) as high, min(kilometres) as low from readings group by all
),
placed as (
    select *, lag(high) over life as before, lag(day) over life as day_before, lead(low) over life as after
    from days window life as (partition by vin order by day)
)
select vin, n, anchor, day from (
    select r.vin, r.n, r.anchor, r.day, p.before, p.day_before, p.after, r.kilometres, i.day as registered,
        (select coalesce(q.low < q.before - 500 and q.after >= q.before - 500, false) from placed q
         where q.vin = p.vin and q.day > p.day order by q.day limit 1) as after_dips
    from readings r join placed p using (vin, day) left join initial i using (vin))
where after is not null and coalesce(after >= before - 500, true) and (
    coalesce(kilometres < before - 500, false)
    or (not after_dips and kilometres - after > 500 and case
        when before is not null then kilometres - before > 800 * (day - day_before)
        else coalesce(registered <= day and kilometres > 800 * (day - registered + 1), false) end));

create table wrecks as
with priced as (
    select *, coalesce(buyer_type = 'exporter', false) or sale_kind in ('pending_export', 'customs_export') as abroad,
        row_number() over (partition by vin order by n) as place
    from sales where price > 0
),
figures as (
    select vin, price from priced where abroad
    union all select vin, value_cny from live where event_type = 'customs_export' and value_cny > 0
)
select f.vin from priced f
join (select vin, arg_max(price, n) as price from priced where not abroad group by vin) home using (vin)
where f.place = 1 and not f.abroad and home.price >= 0.05 * f.price and home.price < 0.5 * f.price
  and (select coalesce(bool_and(x.price < 0.5 * f.price), false) from figures x where x.vin = f.vin);

create table findings as
with pairs as (
    select l.vin, l.day, l.n, e.n as earlier_n, l.anchor,
        coalesce(l.buyer_type = 'exporter', false) or l.sale_kind in ('pending_export', 'customs_export')
            as exporter,
        case when i.day is not null then greatest(0, l.day - i.day)
             when regexp_full_match(l.vin, '[A-HJ-NPR-Z0-9]{17}')
             then (select case when year < year(l.day) then l.day - make_date(year::bigint, 12, 31) end
                   from (select 1980 + place + 30 * floor((year(l.day) + 1 - 1980 - place) / 30) as year
                         from (select instr('ABCDEFGHJKLMNPRSTVWXY123456789', substr(l.vin, 10, 1)) - 1 as place)
                         where place >= 0)) end as age,
        e.price > 0 and abs(round(l.price / e.price - 1, 4)) > 0.3 as odd
    from sales l join sales e on e.vin = l.vin and e.n < l.n and l.day - e.day < 7
    left join initial i on i.vin = l.vin
    where not coalesce(l.buyer = e.buyer, false)
      and (l.buyer_type = 'exporter' or l.sale_kind in ('pending_export', 'customs_export')
           or (l.buyer is distinct from e.seller or l.buyer is null) and not exists (
               from live b where b.vin = l.vin and b.reason in ('returned', 'revoked')
               and b.day between e.day and l.day))
      and not coalesce(e.sale_kind = 'transfer' and e.buyer_type = 'dealer' and e.day <= i.day, false)
      and not coalesce(l.sale_kind in ('initial', 'transfer') and l.buyer_type is distinct from 'exporter'
          and (coalesce(l.use = 'rental' and l.buyer_type = 'rental', false)
               or coalesce(l.owner_group = l.seller_group, false)
               or coalesce(l.owner_group = e.owner_group, false)), false)
    qualify row_number() over (
        partition by l.vin, l.day order by coalesce(exporter, false)::int + coalesce(odd, false)::int desc) = 1
)
select 'double_sale' as detector, vin, day::varchar as anchor,
    case when vin in (select vin from wrecks) or vin in (select vin from live where manufacturer_letter)
             or age > 365 or exists (
             from readings r where r.vin = p.vin and r.day <= p.day + 90 and r.kilometres >= 3000) then 'low'
         when not exporter and not exists (
             from live x where x.vin = p.vin and x.is_document and x.day between p.day and p.day + 90
             and (x.event_type = 'customs_export' or x.kind = 'pending_export' or x.owner_type = 'exporter'))
         then 'low'
         when age is null then 'medium' when exporter and coalesce(odd, false) and exists (
             from readings r where r.vin = p.vin and r.day <= p.day + 90) then 'critical'
         else 'high' end as severity, day
from pairs p

union all
select 'zero_mileage_export', vin, anchor, case when r.kilometres <= 100 then 'high' else 'medium' end, day
from used join reading_at r using (vin, n)
where r.kilometres <= 500 and coalesce(trade_mode, '0110') = '0110'

union all
select 'flash_registration', vin, i.anchor, case when step.day - i.day <= 3 then 'high' else 'medium' end, i.day
from initial i join (
    select p.vin, min(p.day) as day from live p join initial i using (vin)
    where p.day >= i.day and (p.kind = 'pending_export' or p.owner_type = 'exporter'
        or (p.event_type = 'customs_export' and p.condition = 'used'))
      and p.is_document
    group by all) step using (vin)
where step.day - i.day <= 7 and vin not in (select vin from live where manufacturer_letter)

union all
select 'early_export_without_letter', vin, d.anchor,
    case when d.manufacturer_letter is null then 'medium' else 'high' end, d.day
from used d join initial i using (vin)
where d.licence_applied_at - i.day between 0 and 180 and d.licence_applied_at >= '2026-01-01'
  and d.manufacturer_letter is distinct from true
  and vin not in (select vin from live where kind = 'pending_export' and day < '2026-01-01')

union all
select 'parked_until_eligible', d.vin, d.anchor, case when unchanged then 'high' else 'medium' end, d.day
from (
    select d.*, coalesce(d.licence_applied_at, d.day) as applied, i.day as registered, r.kilometres as last_km,
        r.read_on - first.day >= 90 and r.kilometres - first.kilometres between 0 and 50
            and coalesce(d.licence_applied_at, d.day) - i.day <= 365 as unchanged
    from used d join initial i using (vin) join reading_at r on r.vin = d.vin and r.n = d.n
    join (select * from readings qualify row_number() over (partition by vin order by n) = 1) first
        using (vin)) d
where manufacturer_letter is distinct from true
  and applied >= '2026-01-01' and applied - registered >= 181 and (unchanged or last_km <= 500)

union all
select 'young_used_export', vin, anchor, case when vin in (select vin from wrecks) then 'low'
    when gone - registered <= 30 and not driven then 'high' else 'medium' end, day
from (
    select d.*, i.day as registered, i.use as first_use, i.owner_type as first_type, r.kilometres as last_km,
        coalesce(d.licence_applied_at, d.day) as applied,
        coalesce(r.read_on - first.day >= 90 and r.kilometres - first.kilometres between 0 and 50, false) as still,
        coalesce(r.kilometres >= greatest(3000, 20 * (d.day - i.day)), false) as driven,
        coalesce((select arg_min(g.day, g.n) from live g where g.vin = d.vin and g.day >= i.day
                  and g.kind in ('transfer', 'pending_export')), d.day) as gone
    from (select * from used qualify row_number() over (partition by vin order by n) = 1) d
    join initial i using (vin) left join reading_at r on r.vin = d.vin and r.n = d.n
    left join (select * from readings qualify row_number() over (partition by vin order by n) = 1) first
        on first.vin = d.vin)
where day - registered between 0 and 365 and coalesce(trade_mode, '0110') = '0110'
  and not (applied >= '2026-01-01' and case
      when applied - registered > 180 then still
      else licence_applied_at >= registered and vin not in (
          select vin from live where kind = 'pending_export' and day < '2026-01-01') end is true)
  and manufacturer_letter is distinct from true
  and (last_km is null or (last_km > 500 and first_use is distinct from 'demo'
       and (not driven or (last_km > 150 * greatest(1, day - registered)
            and not coalesce(first_use in ('commercial', 'rental'), false)
            and not coalesce(first_type = 'rental', false)))))

union all
select 'new_though_registered', vin, anchor, case when exists (
    from live p where p.vin = d.vin and p.kind = 'pending_export' and p.day < d.day) then 'high' else 'medium' end, day
from live d where condition = 'new' and exists (
    from live r where r.vin = d.vin and r.event_type = 'registration' and r.day < d.day
    and r.day > coalesce((select max(b.day) from live b where b.vin = d.vin
        and b.reason in ('returned', 'revoked') and b.day <= d.day), date '1900-01-01'))

union all
select 'amended_after_export', vin, anchor, case when recorded_at is null then 'medium' else 'high' end, was_day
from (
    select r.*, d.day as declared, i.day as registered
    from revised r join (select * from live where event_type = 'customs_export'
        qualify row_number() over (partition by vin order by n) = 1) d using (vin) left join initial i using (vin))
where not coalesce((recorded_at <= declared and event_type <> 'customs_export')
        or recorded_at - coalesce(was_recorded, was_day) <= 7, false)
  and case
    when kind = 'initial' then declared - was_day between 0 and 365
        and coalesce(was_day - case status when 'void' then registered else day end >= 7, recorded_at is not null)
    when status = 'void' then false
    when kind = 'pending_export' then was_day - registered between 0 and 365 and day - was_day >= 7
    when event_type = 'customs_export' then coalesce(was_km <= 500 and (now_km is null or now_km > 500), false)
        or coalesce(was_day - registered between 0 and 365 and day - was_day >= 7, false)
    else false end

union all
select 'endorsement_renewed', vin, anchor, 'medium', day
from (
    select *, (select max(b.day) from live b where b.vin = p.vin and b.day < p.day
               and (b.event_type = 'customs_export' or b.kind = 'transfer')) as since
    from live p where kind = 'pending_export' and vin in (select vin from live group by vin having count(*) > 1)
    qualify row_number() over (partition by vin order by n desc) = 1) p
where p.day - least(p.day,
    (select min(e.day) from live e where e.vin = p.vin and e.kind = 'pending_export'
     and e.day between coalesce(p.since, date '1900-01-01') and p.day),
    (select min(w.was_day) from revised w where w.vin = p.vin and w.kind = 'pending_export' and w.status = 'void'
     and w.was_day between coalesce(p.since, date '1900-01-01') and p.day)) > 60

union all
select 'effects_hardly_owned', d.vin, d.anchor, 'medium', d.day
from (select * from used qualify row_number() over (partition by vin order by n) = 1) d
join initial i using (vin)
join lateral (select arg_max(r.kind, r.n) as kind, arg_max(r.day, r.n) as day,
        arg_max({type: r.owner_type}, r.n).type as owner_type
    from live r where r.vin = d.vin and r.n < d.n and r.event_type = 'registration') got on true
where d.trade_mode <> '0110'
  and (got.kind = 'transfer' or (got.kind = 'initial' and coalesce(got.owner_type = 'person', true)))
  and d.day - i.day between 0 and 365 and d.day - got.day <= 60

union all
select 'resale_after_export', s.vin, s.anchor,
    case when bool_or(e.event_type = 'customs_export') then 'critical' else 'high' end, s.day
from sales s join live e on e.vin = s.vin and s.day > e.day
    and (e.event_type = 'customs_export' or e.kind = 'pending_export')
where s.sale_kind in ('initial', 'transfer') and not exists (
    from live b where b.vin = s.vin and (b.reason in ('returned', 'revoked') or b.kind = 'reregistration')
    and b.day between e.day and s.day)
group by all

union all
select 'export_not_declared', p.vin, p.anchor, 'medium', p.day
from (select * from live where kind = 'pending_export'
      qualify row_number() over (partition by vin order by n desc) = 1) p
where p.day + 60 <= (select complete_through from watermarks where feed = 'customs_export')
  and not exists (from live o where o.vin = p.vin and (
      (o.event_type = 'customs_export' and o.day >= p.day)
      or (o.event_type = 'registration' and o.kind <> 'pending_export' and o.day > p.day)
      or (o.event_type = 'deregistration' and o.reason <> 'temporary' and o.day >= p.day)))

union all
select 'deregistration_overdue', d.vin, d.anchor, 'low', d.day
from (select * from used qualify row_number() over (partition by vin order by n) = 1) d
where (d.day + interval 2 month)::date <= (select complete_through from watermarks where feed = 'deregistration')
  and not exists (from live b where b.vin = d.vin and b.event_type = 'deregistration'
      and b.reason <> 'temporary' and not exists (
      from live a where a.vin = d.vin and a.kind in ('initial', 'reregistration') and a.day > b.day and a.day <= d.day))

union all
select 'document_conflict', vin, conflict || ':' || anchor,
    case conflict when 'deregistered_by_another' then 'low' else 'medium' end, day
from (
    select d.*, unnest(list_filter([
        case when event_type = 'customs_export' and is_known and not list_contains(owners_before, exporter_id)
             then 'exporter_is_not_owner' end,
        case when event_type = 'customs_export' and d.day > least(
            (d.licence_applied_at + 10 + interval 6 month)::date,
            make_date(year(d.licence_applied_at + 10), 12, 31)) then 'licence_expired' end,
        case when event_type = 'customs_export' and d.day < d.licence_applied_at then 'declared_before_licence' end,
        case when condition = 'used' and d.licence_applied_at < registered and registered <= d.day
             then 'licence_before_registration' end,
        case when event_type = 'customs_export' and d.exited_at < d.day then 'exited_before_declared' end,
        case when condition = 'used' and d.day < registered then 'declared_before_registered' end,
        case when event_type = 'customs_export' and lower(d.brand) <> lower(registered_brand)
             then 'brand_differs' end,
        case when event_type = 'deregistration' and is_known and not list_contains(owners_before, owner_id)
             then 'deregistered_by_another' end
    ], lambda x: x is not null)) as conflict
    from (
        select l.*, i.day as registered,
            (select bool_and(h.owner_id is not null) from live h
             where h.vin = l.vin and (h.n = last.n or h.joint = last.joint)) as is_known,
            (select list(h.owner_id) from live h
             where h.vin = l.vin and (h.n = last.n or h.joint = last.joint)) as owners_before,
            (select arg_min(r.brand, r.n) from live r
             where r.vin = l.vin and r.event_type = 'registration' and r.brand is not null) as registered_brand
        from live l left join initial i using (vin)
        left join (
            select d.vin, d.n as of, arg_max(r.n, r.n) as n, arg_max({joint: r.joint}, r.n).joint as joint
            from live d join live r on r.vin = d.vin and r.n < d.n and r.event_type = 'registration'
            group by all) last on last.vin = l.vin and last.of = l.n
        where l.event_type <> 'registration') d)

union all
select 'duplicate_export', vin, anchor, 'high', day
from (
    select *, lag(day) over (partition by vin order by n) as earlier
    from (select * from live where event_type = 'customs_export'
          qualify row_number() over (partition by vin, declaration_no order by n) = 1)) d
where earlier is not null and not exists (
    from live b where b.vin = d.vin and b.reason = 'returned' and b.day between d.earlier and d.day)

union all
select 'cloned_vin', l.vin, l.anchor, case when l.day - l.e.day <= 30 then 'critical' else 'high' end, l.day
from (select *, lag({day: day, province: province, owner: owner_id, invoice: invoice_no, plate: plate})
          over (partition by vin order by n) as e
      from live where kind = 'initial' and province is not null) l
where l.province <> l.e.province
  and not coalesce(l.owner_id = l.e.owner, false)
  and not (l.day = l.e.day and (coalesce(levenshtein(l.invoice_no, l.e.invoice) <= 2, false)
                            or coalesce(levenshtein(l.plate, l.e.plate) <= 2, false)))
  and not exists (from live b where b.vin = l.vin and b.reason in ('returned', 'revoked')
                  and b.day between l.e.day and l.day)

union all
select 'price_gap', vin, anchor, case when last_km <= 500 then 'medium' else 'low' end, day
from (
    select d.*, (select arg_max(r.kilometres, case when r.n = d.n then 1000000 else r.n end) from readings r
                 where r.vin = d.vin and (r.n = d.n or d.day - r.day between 0 and 90)) as last_km,
        d.value_cny / (s.price * power(0.85, (d.day - s.day) / 365.25)) as share
    from live d join sales s on s.vin = d.vin and s.n < d.n and s.price > 0
    where d.event_type = 'customs_export' and d.value_cny is not null
    qualify row_number() over (partition by d.vin, d.n order by s.n) = 1)
where share < 0.4 or share > 2

union all
select 'odometer_rollback', vin, anchor, case
    when kilometres <= 1.25 * (b.day - highest_day)
        * case when highest_day > i.day then highest / (highest_day - i.day) else 40 end then 'low'
    when (highest - kilometres) / highest > 0.5 then 'high' else 'medium' end, b.day
from (
    select *, max(kilometres) over before as highest, arg_max(day, kilometres) over before as highest_day
    from readings where (vin, n) not in (select vin, n from slips)
    window before as (partition by vin order by day
        range between unbounded preceding and interval 1 day preceding)) b
left join (select vin, day from initial) i using (vin)
where highest - kilometres > 500
qualify row_number() over (partition by b.vin order by b.day, kilometres, b.n) = 1

union all
select 'restricted_destination', vin, id || ':' || anchor, 'medium', day
from (
    select d.*, d.day - i.day as age,
        coalesce(d.brand, (select arg_min(b.brand, b.n) from live b where b.vin = d.vin and b.brand is not null)) as any_brand,
        coalesce(d.fuel, (select arg_min(b.fuel, b.n) from live b
            where b.vin = d.vin and b.event_type = 'registration' and b.fuel is not null)) as any_fuel
    from used d left join initial i using (vin)) d
join (values
    ('ru-official-brands', 'RU', date '2023-08-01', 365, null, null,
        ['zeekr', 'avatr', 'chery', 'geely', 'changan', 'haval', 'omoda', 'exeed', 'tank']),
    ('jo-old-electric', 'JO', date '2025-11-01', null, 1096, 'bev', null),
    ('kz-type-approval', 'KZ', date '2025-12-01', 1096, null, null, ['zeekr', 'li auto', 'avatr', 'voyah'])
) r(id, country, valid_from, minimum_age, maximum_age, barred_fuel, brands)
    on r.country = d.destination and d.day >= r.valid_from
where coalesce(age < minimum_age or age > maximum_age, age < minimum_age, age > maximum_age, false)
  and (barred_fuel is null or barred_fuel = any_fuel)
  and (brands is null
       or coalesce(list_contains(brands, lower(any_brand)) and manufacturer_letter is distinct from true, false))

union all
select 'vin_quality', v.vin, 'vin', 'low', first_day
from (
    select l.vin, arg_min(l.day, l.n) as first_day, bool_and(l.source = 'us-aircraft-registry') as other_register,
        any_value(year(i.day)) as registered
    from live l left join initial i using (vin) group by l.vin) v,
    lateral (select regexp_full_match(v.vin, '[A-HJ-NPR-Z0-9]{17}') as well_formed,
        translate(v.vin, 'ABCDEFGHJKLMNPRSTUVWXYZ', '12345678123457923456789') as digits,
        instr('ABCDEFGHJKLMNPRSTVWXY123456789', substr(v.vin, 10, 1)) - 1 as place,
        left(v.vin, 1) in ('L', 'H', '1', '2', '3', '4', '5') as compulsory)
where not other_register and (not well_formed or (compulsory and (
    substr('0123456789X', 1 + list_sum(list_transform(
        [[1,8],[2,7],[3,6],[4,5],[5,4],[6,3],[7,2],[8,10],[10,9],[11,8],[12,7],[13,6],[14,5],[15,4],[16,3],[17,2]],
        lambda p: coalesce(try_cast(substr(digits, p[1]::bigint, 1) as integer), 0) * p[2]))::bigint % 11, 1) <> substr(v.vin, 9, 1)
    or (registered is not null and (place < 0 or (registered - 1980 - place + 1 + 300) % 30 > 2)))))

union all
select 'implausible_reading', vin, anchor, 'low', day from slips

union all
select 'implausible_reading', vin, anchor, 'low', day from live
where is_document and odometer_km in (65535, 999999, 4294967295)

union all
select 'dropped_value', vin, anchor, 'low', day from live where dropped

union all
select 'revision_conflict', vin, anchor, 'low', day from live where contested

union all
select 'overfull_history', vin, 'vehicle', 'low', arg_min(day, n) from live where overfull group by vin;
