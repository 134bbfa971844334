-- title = "Overhead"
-- gear = "costs"
-- of = "costs.fixed_cost"
-- as = "sum"
-- scale = "log"
-- unit = "money"
-- needs = ["costs"]
-- definition = "costs of the kinds overhead, technology and administration booked in the period"
-- error = "none"
select p.period_start, p.period_end, sum(k.amount) as value, cast(null as double) as error, count(*) as n
from events.costs k
join base.calendar c on c.day = k.day
join base.periods p on p.period = c.period
where lower(k.kind) in ('overhead', 'technology', 'administration')
group by p.period_start, p.period_end
