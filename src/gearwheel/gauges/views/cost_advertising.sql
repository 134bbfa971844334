-- title = "Advertising"
-- gear = "costs"
-- of = "costs.advertising"
-- as = "sum"
-- scale = "log"
-- unit = "money"
-- needs = ["costs"]
-- definition = "costs of the kind advertising booked in the period"
-- error = "none"
select p.period_start, p.period_end, sum(k.amount) as value, cast(null as double) as error, count(*) as n
from events.costs k
join base.calendar c on c.day = k.day
join base.periods p on p.period = c.period
where lower(k.kind) in ('advertising')
group by p.period_start, p.period_end
