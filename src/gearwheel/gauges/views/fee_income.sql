-- title = "Membership fees"
-- gear = "membership"
-- of = "membership.fees"
-- as = "sum"
-- scale = "log"
-- unit = "money"
-- needs = ["memberships.fee"]
-- definition = "membership fees, spread evenly over the days that they pay for; a fee without an end counts on its first day"
-- error = "none"
select p.period_start, p.period_end, sum(f.fees) as value, cast(null as double) as error, max(f.memberships) as n
from base.periods p
join base.fee_days f on f.period = p.period
group by p.period_start, p.period_end
having max(f.memberships) > 0
