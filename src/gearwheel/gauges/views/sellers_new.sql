-- title = "New sellers"
-- gear = "marketplace"
-- of = ""
-- as = "sum"
-- scale = "log"
-- unit = "seller"
-- needs = ["order_lines.seller_id"]
-- definition = "third-party sellers whose first sale in the record lies in the period; left out until the record is {active_days} days long"
-- error = "Poisson: 1 / sqrt(n)"
select p.period_start, p.period_end, cast(f.first_time as double) as value, 1 / sqrt(nullif(f.first_time, 0)) as error, f.first_time as n
from base.periods p
join base.seller_flows f on f.period = p.period
where p.change_known
