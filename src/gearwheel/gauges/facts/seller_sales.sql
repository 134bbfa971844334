-- One row a seller that has sold: the week of the first sale (since 2000-01-03), and sales in all.
with sale as (
    select l.seller_id, o.order_id, date_diff('day', date '2000-01-03', date_trunc('week', o.placed_at)::date) // 7 as week
    from events.order_lines l inner join events.orders o using (order_id)
    where l.seller_id is not null and o.placed_at is not null
      and lower(coalesce(o.status, '')) <> 'cancelled' and not coalesce(o.is_test, false)
    group by all
)
select min(week) as first_week, count(*) as sales from sale group by seller_id order by seller_id
