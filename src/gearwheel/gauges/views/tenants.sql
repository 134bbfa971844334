-- title = "Tenants"
-- gear = "cloud"
-- of = "cloud.tenants"
-- as = "end"
-- scale = "log"
-- unit = "tenant"
-- needs = ["hosting"]
-- definition = "sellers whose systems were hosted on one of the {active_days} days that end with the last day of the period; left out until the record is {active_days} days long"
-- error = "none"
select p.period_start, p.period_end, cast(x.active as double) as value, cast(null as double) as error, x.active as n
from base.periods p
join base.tenant_flows x on x.period = p.period
where p.level_known
