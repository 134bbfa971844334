-- One row a delivered and reviewed order: its score, its days from order to door, whether it came after the promised
-- day, its week, and the seller of the largest part of it.
with reviewed as (
    select order_id, avg(score) as score from events.reviews
    where score is not null and hash(order_id) % 1000000 < {share} * 1000000
    group by order_id
), sold as (
    select l.order_id, l.seller_id, sum(coalesce(l.quantity, 1) * l.price) as money
    from events.order_lines l semi join reviewed using (order_id)
    group by l.order_id, l.seller_id
), seller as (
    select order_id, arg_max(coalesce(seller_id, ''), (coalesce(money, 0), coalesce(seller_id, ''))) as seller_id from sold group by order_id
)
select
    r.score,
    date_diff('second', o.placed_at, d.delivered_at) / 86400.0 as days,
    (cast(d.delivered_at as date) > cast(d.promised_at as date))::double as late,
    date_diff('day', date '2000-01-03', cast(date_trunc('week', o.placed_at) as date)) // 7 as week,
    hash(coalesce(s.seller_id, '')) as seller
from reviewed r
inner join events.orders o using (order_id)
inner join events.deliveries d using (order_id)
left join seller s using (order_id)
where d.delivered_at >= o.placed_at
  and lower(coalesce(o.status, '')) <> 'cancelled' and not coalesce(o.is_test, false)
order by order_id
