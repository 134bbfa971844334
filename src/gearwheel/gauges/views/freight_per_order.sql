-- title = "Freight charged per order"
-- gear = "fulfilment"
-- as = "mean"
-- scale = "log"
-- unit = "money/order"
-- needs = ["order_lines.shipping_charged"]
-- definition = "money that customers paid for shipping, mean over the period's orders"
-- error = "delta method over orders, relative"
with ratios as (
    select
        period,
        orders,
        freight as a,
        freight / nullif(cast(orders as double), 0) as value,
        freight_2 as aa,
        freight as ab,
        orders as bb
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
