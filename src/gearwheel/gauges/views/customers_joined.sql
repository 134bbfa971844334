-- title = "Customers won or won back"
-- gear = "experience"
-- of = "experience.joining"
-- as = "sum"
-- scale = "log"
-- unit = "customer"
-- needs = ["orders.customer_id"]
-- definition = "new and returning customers: who order in the period but not in the {active_days} days before it; left out until the record is {active_days} days long"
-- error = "Poisson: 1 / sqrt(n)"
with counted as (
    select period, first_time + came_back as n from base.customer_flows
)
select p.period_start, p.period_end, cast(c.n as double) as value, 1 / sqrt(nullif(c.n, 0)) as error, c.n
from base.periods p
join counted c on c.period = p.period
where p.change_known
