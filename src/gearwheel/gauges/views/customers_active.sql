-- title = "Active customers"
-- gear = "experience"
-- of = "experience.customers"
-- as = "end"
-- scale = "log"
-- unit = "customer"
-- needs = ["orders.customer_id"]
-- definition = "customers who ordered on one of the {active_days} days that end with the last day of the period; left out until the record is {active_days} days long"
-- error = "none"
select p.period_start, p.period_end, cast(f.active as double) as value, cast(null as double) as error, f.active as n
from base.periods p
join base.customer_flows f on f.period = p.period
where p.level_known
