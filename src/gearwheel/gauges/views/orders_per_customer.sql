-- title = "Orders per customer"
-- gear = "experience"
-- as = "ratio(experience.order_rate, experience.customers)"
-- scale = "log"
-- unit = "order/(customer*year)"
-- needs = ["orders.customer_id"]
-- definition = "orders of the period over the mean of the active customers at its two ends, a year; active is who ordered on one of the {active_days} days before; left out until the record is {active_days} days long"
-- error = "Poisson of the orders: 1 / sqrt(n)"
with active as (
    select period, active, lag(active) over (order by period) as active_before
    from base.customer_flows
)
select
    p.period_start,
    p.period_end,
    s.orders / nullif(0.5 * (a.active + a.active_before) * p.years, 0) as value,
    1 / sqrt(nullif(s.orders, 0)) as error,
    s.orders as n
from base.periods p
join base.period_states s on s.period = p.period
join active a on a.period = p.period
where p.change_known
