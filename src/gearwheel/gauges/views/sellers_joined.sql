-- title = "Sellers won or won back"
-- gear = "marketplace"
-- of = "marketplace.entering"
-- as = "sum"
-- scale = "log"
-- unit = "seller"
-- needs = ["order_lines.seller_id"]
-- definition = "third-party sellers who sell in the period but not in the {active_days} days before it; left out until the record is {active_days} days long"
-- error = "Poisson: 1 / sqrt(n)"
select p.period_start, p.period_end, cast((f.first_time + f.came_back) as double) as value, 1 / sqrt(nullif((f.first_time + f.came_back), 0)) as error, (f.first_time + f.came_back) as n
from base.periods p
join base.seller_flows f on f.period = p.period
where p.change_known
