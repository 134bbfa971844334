-- title = "New sellers"
-- gear = "marketplace"
-- as = "sum"
-- scale = "log"
-- unit = "seller"
-- needs = ["order_lines.seller_id"]
-- definition = "third-party sellers whose first sale in the record lies in the period; left out until the record is {active_days} days long"
-- error = "Poisson: 1 / sqrt(n)"
with counted as (
    select period, first_time as n from base.seller_flows
)
select p.period_start, p.period_end, cast(c.n as double) as value, 1 / sqrt(nullif(c.n, 0)) as error, c.n
from base.periods p
join counted c on c.period = p.period
where p.change_known
