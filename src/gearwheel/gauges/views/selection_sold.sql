-- title = "Selection"
-- gear = "marketplace"
-- of = "marketplace.all_offers"
-- as = "end"
-- scale = "log"
-- unit = "offer"
-- needs = ["order_lines.product_id"]
-- definition = "products sold on one of the {active_days} days that end with the last day of the period (the source has no list of offers); left out until the record is {active_days} days long"
-- error = "none"
-- instead_of = "selection"
select p.period_start, p.period_end, cast(x.active as double) as value, cast(null as double) as error, x.active as n
from base.periods p
join base.product_flows x on x.period = p.period
where p.level_known
