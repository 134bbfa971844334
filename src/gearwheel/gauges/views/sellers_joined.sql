-- title = "Sellers won or won back"
-- gear = "marketplace"
-- of = "marketplace.entering"
-- as = "sum"
-- scale = "log"
-- unit = "seller"
-- needs = ["order_lines.seller_id"]
-- definition = "new and returning sellers: who sell in the period but not in the {active_days} days before it; left out until the record is {active_days} days long"
-- error = "Poisson: 1 / sqrt(n)"
with counted as (
    select period, first_time + came_back as n from base.seller_flows
)
select p.period_start, p.period_end, cast(c.n as double) as value, 1 / sqrt(nullif(c.n, 0)) as error, c.n
from base.periods p
join counted c on c.period = p.period
where p.change_known
