-- title = "Offers per product"
-- gear = "marketplace"
-- as = "end"
-- scale = "log"
-- unit = "1"
-- needs = ["offers.product_id"]
-- definition = "offers listed at the end of the period over the products that they offer"
-- error = "none"
select
    p.period_start,
    p.period_end,
    o.offers / nullif(cast(l.products as double), 0) as value,
    cast(null as double) as error,
    o.offers as n
from base.periods p
join base.offer_levels o on o.period = p.period
join base.listed_products l on l.period = p.period
