-- Purchase days of persons by their number: how many whose window of {window} days is over, how many bought again in
-- it, by the week of the purchase.
with purchase as (
    select customer_id, cast(placed_at as date) as day from events.orders
    where customer_id is not null and placed_at is not null
      and lower(coalesce(status, '')) <> 'cancelled' and not coalesce(is_test, false)
    group by all
), followed as (
    select day, row_number() over person as number, lead(day) over person as next_day from purchase
    window person as (partition by customer_id order by day)
)
select
    least(number, 3) as number,
    date_diff('day', date '2000-01-03', date_trunc('week', day)::date) // 7 as week,
    count(*) as due,
    count(*) filter (next_day <= day + {window}) as again
from followed
where day + {window} <= (select max(day) from purchase)
group by all
order by all
