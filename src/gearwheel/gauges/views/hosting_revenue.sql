-- title = "Hosting revenue"
-- gear = "cloud"
-- of = "cloud.cloud_income"
-- as = "sum"
-- scale = "log"
-- unit = "money"
-- needs = ["hosting.revenue"]
-- definition = "money that tenants paid for hosting on the days of the period"
-- error = "none"
with booked as (
    select c.period, sum(h.revenue) as amount, count(h.revenue) as bookings
    from events.hosting h
    join base.calendar c on c.day = h.day
    group by c.period
)
select p.period_start, p.period_end, coalesce(b.amount, 0) as value, cast(null as double) as error, coalesce(b.bookings, 0) as n
from base.periods p
join base.hosting_reach x on p.period between x.first_period and x.last_period
left join booked b on b.period = p.period
