-- title = "Hosting cost"
-- gear = "cloud"
-- of = "cloud.cloud_cost"
-- as = "sum"
-- scale = "log"
-- unit = "money"
-- needs = ["hosting.cost"]
-- definition = "money that the tenants' work cost on the days of the period"
-- error = "none"
with booked as (
    select c.period, sum(h.cost) as amount, count(h.cost) as bookings
    from events.hosting h
    join base.calendar c on c.day = h.day
    group by c.period
)
select p.period_start, p.period_end, coalesce(b.amount, 0) as value, cast(null as double) as error, coalesce(b.bookings, 0) as n
from base.periods p
join base.hosting_reach x on p.period between x.first_period and x.last_period
left join booked b on b.period = p.period
