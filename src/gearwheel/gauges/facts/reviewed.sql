-- One row a reviewed order whose window of {window} days after the review is over: score, whether the customer bought
-- again in it, earlier purchases, money, week and the seller of the largest part.
with purchase as (
    select order_id, customer_id, placed_at,
           row_number() over (partition by customer_id order by placed_at, order_id) - 1 as earlier
    from events.orders
    where customer_id is not null and placed_at is not null
      and lower(coalesce(status, '')) <> 'cancelled' and not coalesce(is_test, false)
), last as (
    select max(placed_at) as seen_until from purchase
), reviewed as (
    select order_id, avg(score) as score, min(created_at) as created_at from events.reviews
    where score is not null and created_at is not null and hash(order_id) % 1000000 < {share} * 1000000
    group by order_id
), rated as (
    select p.order_id, p.customer_id, p.placed_at, p.earlier, r.score, greatest(r.created_at, p.placed_at) as after
    from reviewed r inner join purchase p using (order_id)
), sold as (
    select l.order_id, l.seller_id, sum(coalesce(l.quantity, 1) * l.price) as money
    from events.order_lines l semi join rated using (order_id)
    group by l.order_id, l.seller_id
), seller as (
    select order_id, arg_max(coalesce(seller_id, ''), (coalesce(money, 0), coalesce(seller_id, ''))) as seller_id, sum(money) as money
    from sold group by order_id
), following as (
    select r.*, n.placed_at as next_at
    from rated r asof left join purchase n on r.customer_id = n.customer_id and r.after < n.placed_at
)
select
    f.score,
    (f.next_at is not null and f.next_at <= f.after + {window} * interval 1 day)::double as again,
    f.earlier,
    coalesce(s.money, 0) as money,
    date_diff('day', date '2000-01-03', cast(date_trunc('week', f.placed_at) as date)) // 7 as week,
    hash(coalesce(s.seller_id, '')) as seller
from following f cross join last left join seller s using (order_id)
where f.after + {window} * interval 1 day <= last.seen_until
order by f.order_id
