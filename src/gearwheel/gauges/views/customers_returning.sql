-- title = "Returning customers"
-- gear = "experience"
-- of = ""
-- as = "sum"
-- scale = "log"
-- unit = "customer"
-- needs = ["orders.customer_id"]
-- definition = "customers who order in the period, had ordered before it, but not in the {active_days} days before it; left out until the record is {active_days} days long"
-- error = "Poisson: 1 / sqrt(n)"
select p.period_start, p.period_end, cast(f.came_back as double) as value, 1 / sqrt(nullif(f.came_back, 0)) as error, f.came_back as n
from base.periods p
join base.customer_flows f on f.period = p.period
where p.change_known
