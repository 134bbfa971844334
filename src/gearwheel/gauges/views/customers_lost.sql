-- title = "Lost customers"
-- gear = "experience"
-- of = "experience.leaving"
-- as = "sum"
-- scale = "log"
-- unit = "customer"
-- needs = ["orders.customer_id"]
-- definition = "customers who were active at the end of the period before, or ordered in the period, and have no order on the {active_days} days that end with its last day; left out until the record is {active_days} days long"
-- error = "Poisson: 1 / sqrt(n)"
with counted as (
    select period, lost as n from base.customer_flows
)
select p.period_start, p.period_end, cast(c.n as double) as value, 1 / sqrt(nullif(c.n, 0)) as error, c.n
from base.periods p
join counted c on c.period = p.period
where p.change_known
