-- Orders of members in the {span} days before and after their first membership began, without the {gap} days next to
-- it; only members who were customers before the first of these days, and whose last of them is over.
with purchase as (
    select customer_id, placed_at from events.orders
    where customer_id is not null and placed_at is not null
      and lower(coalesce(status, '')) <> 'cancelled' and not coalesce(is_test, false)
), joined as (
    select customer_id, min(starts_at) as member_at from events.memberships group by customer_id
), seen as (
    select j.customer_id, j.member_at, min(p.placed_at) as first_at
    from joined j inner join purchase p using (customer_id) group by all
), able as (
    select customer_id, member_at from seen
    where first_at < member_at - {span} * interval 1 day
      and member_at + {span} * interval 1 day <= (select max(placed_at) from purchase)
)
select
    date_diff('day', date '2000-01-03', date_trunc('week', a.member_at)::date) // 7 as week,
    count(p.placed_at) filter (p.placed_at >= a.member_at - {span} * interval 1 day
                               and p.placed_at < a.member_at - {gap} * interval 1 day)::double as before,
    count(p.placed_at) filter (p.placed_at >= a.member_at + {gap} * interval 1 day
                               and p.placed_at < a.member_at + {span} * interval 1 day)::double as after
from able a left join purchase p using (customer_id)
group by a.customer_id, a.member_at
order by a.customer_id
