-- title = "Lost customers"
-- gear = "experience"
-- of = "experience.leaving"
-- as = "sum"
-- scale = "log"
-- unit = "customer"
-- needs = ["orders.customer_id"]
-- definition = "customers active at the end of the period before, or who ordered in the period, and have no order in the {active_days} days that end with its last day; left out until the record is {active_days} days long"
-- error = "Poisson: 1 / sqrt(n)"
select p.period_start, p.period_end, cast(f.lost as double) as value, 1 / sqrt(nullif(f.lost, 0)) as error, f.lost as n
from base.periods p
join base.customer_flows f on f.period = p.period
where p.change_known
