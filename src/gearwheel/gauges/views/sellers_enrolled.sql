-- title = "Enrolled sellers"
-- gear = "fulfilment"
-- of = "fulfilment.enrolled"
-- as = "end"
-- scale = "log"
-- unit = "seller"
-- needs = ["order_lines.seller_id", "order_lines.fulfilled_by"]
-- definition = "third-party sellers with a sale packed and shipped by the platform on one of the {active_days} days that end with the last day of the period; left out until the record is {active_days} days long"
-- error = "none"
select p.period_start, p.period_end, cast(x.active as double) as value, cast(null as double) as error, x.active as n
from base.periods p
join base.enrolled_flows x on x.period = p.period
where p.level_known
