-- The total of the order is what was paid: what its lines cost beyond that is a discount on the whole order. It and the
-- shipping are shared among the goods by their value. A gift card is money on account and no sale of goods; it gets none.
with goods as (
    select
        *,
        value / nullif(sum(value) over (partition by order_id), 0) as share,
        count(*) over (partition by order_id) as order_lines,
        sum(value) over (partition by order_id) as order_value
    from step.lines
    where not is_gift_card
),
cards as (
    select order_id, sum(value) as value from step.lines where is_gift_card group by order_id
)
select
    g.order_id,
    g.line,
    g.product_id,
    g.quantity,
    g.full_price as price,
    greatest(g.full_price - g.paid_price, 0) * g.quantity
    + coalesce(greatest(g.order_value + coalesce(c.value, 0) + coalesce(g.shipping, 0) - g.total, 0) * g.share, 0) as discount,
    g.shipping * coalesce(g.share, 1.0 / g.order_lines) as shipping_charged
from goods as g
left join cards as c on c.order_id = g.order_id
