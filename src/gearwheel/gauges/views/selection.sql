-- title = "Selection"
-- gear = "marketplace"
-- of = "marketplace.all_offers"
-- as = "end"
-- scale = "log"
-- unit = "offer"
-- needs = ["offers"]
-- definition = "offers listed at the end of the period"
-- error = "none"
select p.period_start, p.period_end, cast(x.offers as double) as value, cast(null as double) as error, x.offers as n
from base.periods p
join base.offer_levels x on x.period = p.period
