-- Made events: {lines} order lines of three years, in the canonical tables. One table a statement, named by its comment.
-- orders
select
    'o' || i as order_id,
    'c' || cast(floor({customers} * pow(u(i, 1), 1.5)) as bigint) as customer_id,
    placed(i) as placed_at,
    case when u(i, 3) < 0.02 then 'cancelled' else 'done' end as status,
    'EUR' as currency,
    u(i, 4) < 0.001 as is_test
from range({orders}) t (i);
-- order_lines
with lines as (
    select i, unnest(range(cast(1 + hash(i, 5) % 4 as bigint))) as j
    from range({orders}) t (i)
),
sold as (
    select i, j, 8 * i + j as k, cast(floor({products} * pow(u(8 * i + j, 6), 3)) as bigint) as p
    from lines
)
select
    'o' || i as order_id,
    cast(j as varchar) as line,
    'p' || p as product_id,
    case when u(p, 7) < 0.3 then null else 's' || cast(floor({sellers} * pow(u(p, 8), 2)) as bigint) end as seller_id,
    case when u(k, 9) < 0.1 then 2 else 1 end::double as quantity,
    round((5 + 95 * u(p, 10)) * (1 + 0.1 * u(k, 11)), 2) as price,
    case when u(k, 12) < 0.2 then round(2 * u(k, 13), 2) else 0 end as discount,
    round(4 * u(k, 14), 2) as shipping_charged,
    round(3 * u(k, 15), 2) as commission,
    round(3 + 40 * u(p, 16), 2) as unit_cost,
    round(1 + 3 * u(k, 17), 2) as shipping_cost,
    case when u(p, 18) < 0.5 then 'platform' else 'seller' end as fulfilled_by
from sold;
-- deliveries
select
    'o' || i as order_id,
    placed(i) + to_days(cast(4 + floor(4 * u(i, 20)) as integer)) as promised_at,
    placed(i) + to_days(cast(1 + floor(8 * pow(u(i, 21), 2)) as integer)) as delivered_at
from range({orders}) t (i);
-- reviews
select
    'o' || i as order_id,
    cast(1 + floor(5 * sqrt(u(i, 22))) as double) as score,
    placed(i) + to_days(cast(3 + floor(40 * u(i, 23)) as integer)) as created_at
from range({orders}) t (i)
where u(i, 24) < 0.4;
-- returns
select
    'o' || i as order_id,
    '0' as line,
    placed(i) + to_days(cast(3 + floor(40 * u(i, 26)) as integer)) as requested_at,
    round(5 + 95 * u(i, 27), 2) as refund,
    u(i, 28) < 0.2 as kept,
    round(5 * u(i, 29), 2) as salvage
from range({orders}) t (i)
where u(i, 25) < 0.08;
-- memberships
select
    'c' || cast(floor({customers} * pow(u(i, 30), 1.5)) as bigint) as customer_id,
    placed(i) + to_microseconds(i % 1000000) as starts_at,
    case when u(i, 31) < 0.9 then placed(i) + to_days(365) end as ends_at,
    49.0 as fee
from range({customers} // 5) t (i);
-- offers
select
    'f' || i as offer_id,
    'p' || i % {products} as product_id,
    placed(i) as listed_at,
    case when u(i, 33) < 0.5 then placed(i) + to_days(cast(floor(900 * u(i, 34)) as integer)) end as delisted_at,
    u(i, 35) < 0.3 as member_eligible
from range(2 * {products}) t (i);
-- visits
select cast(timestamp '2021-01-04' + to_days(cast(i as integer)) as date) as day, 1000.0 + i as visits
from range({days}) t (i);
-- costs
select
    cast(timestamp '2021-01-04' + to_days(cast(i // 3 as integer)) as date) as day,
    ['advertising', 'fulfilment', 'overhead'][1 + i % 3] as kind,
    100.0 + i as amount
from range(3 * {days}) t (i);
-- contacts
select 'c' || cast(floor({customers} * u(i, 36)) as bigint) as customer_id, placed(i) as asked_at
from range({orders} // 20) t (i);
-- hosting
select
    's' || cast(floor({sellers} * u(i, 37)) as bigint) as seller_id,
    cast(placed(i) as date) as day,
    3.0 + u(i, 38) as revenue,
    1.0 + u(i, 39) as cost
from range(50 * {sellers}) t (i);
