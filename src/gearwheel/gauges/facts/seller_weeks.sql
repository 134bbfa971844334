-- One row a seller: when the first sale was, sales in all, and when the seller signed up; weeks since 2000-01-03.
with sale as (
    select l.seller_id, o.order_id, date_diff('day', date '2000-01-03', date_trunc('week', o.placed_at)::date) // 7 as week
    from events.order_lines l inner join events.orders o using (order_id)
    where l.seller_id is not null and o.placed_at is not null
      and lower(coalesce(o.status, '')) <> 'cancelled' and not coalesce(o.is_test, false)
    group by all
)
select
    min(week) as first_week,
    count(*) as sales,
    min(date_diff('day', date '2000-01-03', date_trunc('week', s.joined_at)::date) // 7) as joined_week
from sale left join events.sellers s using (seller_id)
group by seller_id
