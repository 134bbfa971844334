-- title = "Orders"
-- gear = "experience"
-- of = "experience.order_rate"
-- as = "sum"
-- scale = "log"
-- unit = "order"
-- needs = ["orders"]
-- definition = "orders placed in the period, without cancelled ones and tests"
-- error = "Poisson: 1 / sqrt(n)"
select p.period_start, p.period_end, cast(s.orders as double) as value, 1 / sqrt(nullif(s.orders, 0)) as error, s.orders as n
from base.periods p
join base.period_states s on s.period = p.period
