-- title = "New customers"
-- gear = "experience"
-- of = ""
-- as = "sum"
-- scale = "log"
-- unit = "customer"
-- needs = ["orders.customer_id"]
-- definition = "customers whose first order in the record lies in the period; left out until the record is {active_days} days long"
-- error = "Poisson: 1 / sqrt(n)"
select p.period_start, p.period_end, cast(f.first_time as double) as value, 1 / sqrt(nullif(f.first_time, 0)) as error, f.first_time as n
from base.periods p
join base.customer_flows f on f.period = p.period
where p.change_known
