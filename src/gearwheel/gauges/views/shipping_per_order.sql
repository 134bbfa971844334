-- title = "Shipping cost per order"
-- gear = "fulfilment"
-- of = "fulfilment.shipping_per_order"
-- as = "mean"
-- scale = "log"
-- unit = "money/order"
-- needs = ["order_lines.shipping_cost"]
-- definition = "money that carriers charged, mean over the period's orders for which a charge is known"
-- error = "delta method over orders, relative"
with ratios as (
    select
        period,
        orders,
        shipping_cost as a,
        shipping_cost / nullif(cast(shipped as double), 0) as value,
        shipping_cost_2 as aa,
        shipping_cost as ab,
        shipped as bb
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
