-- title = "Visits"
-- gear = "experience"
-- of = "experience.visits"
-- as = "sum"
-- scale = "log"
-- unit = "visit"
-- needs = ["visits"]
-- definition = "visits on the days of the period"
-- error = "Poisson: 1 / sqrt(n)"
select
    p.period_start,
    p.period_end,
    sum(v.visits) as value,
    1 / sqrt(nullif(greatest(0, sum(v.visits)), 0)) as error,
    cast(floor(sum(v.visits)) as bigint) as n
from events.visits v
join base.calendar c on c.day = v.day
join base.periods p on p.period = c.period
group by p.period_start, p.period_end
