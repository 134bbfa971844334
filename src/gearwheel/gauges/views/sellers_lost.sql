-- title = "Lost sellers"
-- gear = "marketplace"
-- of = "marketplace.giving_up"
-- as = "sum"
-- scale = "log"
-- unit = "seller"
-- needs = ["order_lines.seller_id"]
-- definition = "third-party sellers active at the end of the period before, or who sold in the period, and have no sale in the {active_days} days that end with its last day; left out until the record is {active_days} days long"
-- error = "Poisson: 1 / sqrt(n)"
select p.period_start, p.period_end, cast(f.lost as double) as value, 1 / sqrt(nullif(f.lost, 0)) as error, f.lost as n
from base.periods p
join base.seller_flows f on f.period = p.period
where p.change_known
