-- Orders of persons who never were members, by the week of their first order and the week of the order.
with purchase as (
    select customer_id, placed_at from events.orders
    where customer_id is not null and placed_at is not null
      and lower(coalesce(status, '')) <> 'cancelled' and not coalesce(is_test, false)
), other as (
    select customer_id, placed_at, min(placed_at) over (partition by customer_id) as first_at
    from purchase anti join (select distinct customer_id from events.memberships where customer_id is not null) using (customer_id)
)
select
    date_diff('day', date '2000-01-03', date_trunc('week', first_at)::date) // 7 as first_week,
    date_diff('day', date '2000-01-03', date_trunc('week', placed_at)::date) // 7 as week,
    count(*)::double as orders
from other group by all
order by all
