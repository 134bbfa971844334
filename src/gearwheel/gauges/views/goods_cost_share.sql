-- title = "Cost of goods, share of sales"
-- gear = "procurement"
-- as = "ratio(procurement.purchase_spending, costs.own_sales)"
-- scale = "logit"
-- unit = "1"
-- needs = ["order_lines.price", "order_lines.unit_cost"]
-- definition = "cost of goods over the sales value of the lines for which a cost is known"
-- error = "delta method over orders, in logits"
with ratios as (
    select
        period,
        orders,
        goods_cost as a,
        goods_cost / nullif(cast(costed_value as double), 0) as value,
        goods_cost_2 as aa,
        goods_cost_costed_value as ab,
        costed_value_2 as bb
    from base.order_sums
)
select
    p.period_start,
    p.period_end,
    r.value,
    sqrt(greatest(0, r.aa - 2 * r.value * r.ab + r.value * r.value * r.bb)) / nullif((r.a * (1 - r.value)), 0) as error,
    r.orders as n
from base.periods p
join ratios r on r.period = p.period
