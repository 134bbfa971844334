-- title = "Take rate"
-- gear = "marketplace"
-- as = "ratio(marketplace.commission_income, marketplace.third_party_sales)"
-- scale = "log"
-- unit = "1"
-- needs = ["order_lines.price", "order_lines.seller_id", "order_lines.commission"]
-- definition = "commission kept by the platform over the sales value of third-party sellers"
-- error = "delta method over orders, relative"
with ratios as (
    select
        period,
        orders,
        commission as a,
        commission / nullif(cast(third_party as double), 0) as value,
        commission_2 as aa,
        commission_third_party as ab,
        third_party_2 as bb
    from base.order_sums
)
select
    p.period_start,
    p.period_end,
    r.value,
    sqrt(greatest(0, r.aa - 2 * r.value * r.ab + r.value * r.value * r.bb)) / nullif(r.a, 0) as error,
    r.orders as n
from base.periods p
join ratios r on r.period = p.period
