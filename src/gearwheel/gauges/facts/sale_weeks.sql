-- One row a week of whole days: sales (an order counts once for each of its sellers) and sellers with a sale.
with sale as (
    select l.seller_id, o.order_id, date_diff('day', date '2000-01-03', date_trunc('week', o.placed_at)::date) // 7 as week
    from events.order_lines l inner join events.orders o using (order_id)
    where l.seller_id is not null and o.placed_at is not null
      and lower(coalesce(o.status, '')) <> 'cancelled' and not coalesce(o.is_test, false)
    group by all
)
select week, count(*) as sales, count(distinct seller_id) as active from sale group by week order by week
