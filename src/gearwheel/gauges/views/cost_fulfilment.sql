-- title = "Fulfilment"
-- gear = "fulfilment"
-- of = "fulfilment.handling_cost"
-- as = "sum"
-- scale = "log"
-- unit = "money"
-- needs = ["costs"]
-- definition = "costs of the kind fulfilment booked in the period; 0 where none was booked between the first and the last entry of the table"
-- error = "none"
with booked as (
    select c.period, sum(k.amount) as amount, count(*) as bookings
    from events.costs k
    join base.calendar c on c.day = k.day
    where lower(k.kind) in ('fulfilment')
    group by c.period
)
select p.period_start, p.period_end, coalesce(b.amount, 0) as value, cast(null as double) as error, coalesce(b.bookings, 0) as n
from base.periods p
join base.cost_reach x on p.period between x.first_period and x.last_period
left join booked b on b.period = p.period
