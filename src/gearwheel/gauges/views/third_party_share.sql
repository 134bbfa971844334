-- title = "Third-party share"
-- gear = "marketplace"
-- as = "ratio(marketplace.third_party_sales, experience.sales_value)"
-- scale = "logit"
-- unit = "1"
-- needs = ["order_lines.price", "order_lines.seller_id"]
-- definition = "share of the sales value that third-party sellers sold"
-- error = "delta method over orders, in logits"
with ratios as (
    select
        period,
        orders,
        third_party as a,
        third_party / nullif(cast(value as double), 0) as value,
        third_party_2 as aa,
        third_party_value as ab,
        value_2 as bb
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
