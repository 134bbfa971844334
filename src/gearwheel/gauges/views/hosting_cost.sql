-- title = "Hosting cost"
-- gear = "cloud"
-- of = "cloud.cloud_cost"
-- as = "sum"
-- scale = "log"
-- unit = "money"
-- needs = ["hosting.cost"]
-- definition = "money that the tenants' work cost on the days of the period"
-- error = "none"
select p.period_start, p.period_end, sum(h.cost) as value, cast(null as double) as error, count(h.cost) as n
from events.hosting h
join base.calendar c on c.day = h.day
join base.periods p on p.period = c.period
group by p.period_start, p.period_end
