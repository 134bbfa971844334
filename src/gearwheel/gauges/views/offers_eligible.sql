-- title = "Offers with the members' promise"
-- gear = "fulfilment"
-- of = "fulfilment.eligible_offers"
-- as = "end"
-- scale = "log"
-- unit = "offer"
-- needs = ["offers.member_eligible"]
-- definition = "offers listed at the end of the period that members get with the promise"
-- error = "none"
select p.period_start, p.period_end, cast(x.eligible as double) as value, cast(null as double) as error, x.eligible as n
from base.periods p
join base.offer_levels x on x.period = p.period
