-- title = "Members"
-- gear = "membership"
-- of = "membership.members"
-- as = "end"
-- scale = "log"
-- unit = "customer"
-- needs = ["memberships"]
-- definition = "customers with a paid membership at the end of the period"
-- error = "none"
select p.period_start, p.period_end, cast(x.members as double) as value, cast(null as double) as error, x.members as n
from base.periods p
join base.member_levels x on x.period = p.period
