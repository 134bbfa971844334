-- title = "Hosting revenue"
-- gear = "cloud"
-- of = "cloud.cloud_income"
-- as = "sum"
-- scale = "log"
-- unit = "money"
-- needs = ["hosting.revenue"]
-- definition = "money that tenants paid for hosting on the days of the period"
-- error = "none"
select p.period_start, p.period_end, sum(h.revenue) as value, cast(null as double) as error, count(h.revenue) as n
from events.hosting h
join base.calendar c on c.day = h.day
join base.periods p on p.period = c.period
group by p.period_start, p.period_end
