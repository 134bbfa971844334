-- title = "Orders per customer who is no member"
-- gear = "membership"
-- as = "mean"
-- scale = "log"
-- unit = "order/(customer*year)"
-- needs = ["memberships", "orders.customer_id"]
-- definition = "orders placed by others than members over the mean number of active customers who are no members at the two ends of the period, a year; active is who ordered on one of the {active_days} days before; left out until the record is {active_days} days long"
-- error = "Poisson of the orders: 1 / sqrt(n)"
with people as (
    select period, nonmembers as people, lag(nonmembers) over (order by period) as people_before
    from base.member_levels
)
select
    p.period_start,
    p.period_end,
    cast(coalesce(o.orders, 0) as double) / nullif(0.5 * (m.people + m.people_before) * p.years, 0) as value,
    1 / sqrt(nullif(o.orders, 0)) as error,
    coalesce(o.orders, 0) as n
from base.periods p
join people m on m.period = p.period
left join base.member_counts o on o.period = p.period and o.member = 0
where p.change_known
