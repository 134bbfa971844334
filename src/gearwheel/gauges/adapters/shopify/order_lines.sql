-- Subtotal is what was paid for the lines: what lies between it and the prices is the discount, whether it was given on
-- a line or on the order. Gift cards get none. Where there is no Subtotal the stated discounts count. What no line claims
-- of the discount, and the shipping, are shared among the goods by their value.
with products as (
    select "Variant SKU" as sku, max("Cost per item") as cost
    from source."products"
    where "Variant SKU" is not null
    group by "Variant SKU"
),
goods as (
    select
        l.*,
        h.shipping,
        case when l.kind_value > 0 then l.value / l.kind_value else 1.0 / l.kind_lines end as share,
        sum(l.line_discount) over (partition by l.order_key) as line_discounts,
        case
            when h.subtotal is null
                then greatest(coalesce(h.discount, 0), sum(l.line_discount) over (partition by l.order_key))
            else greatest(l.kind_value - (h.subtotal - l.cards_value), 0)
        end as order_discount
    from step.lines as l
    inner join step.heads as h on h.order_key = l.order_key
    where l.kind = 'goods'
)
select
    g.order_id,
    g.line,
    coalesce(g.sku, g.title) as product_id,
    g.quantity,
    g.price,
    case
        when g.line_discounts <= g.order_discount + 0.01
            then g.line_discount + greatest(g.order_discount - g.line_discounts, 0) * g.share
        else g.order_discount * g.share
    end as discount,
    g.shipping * g.share as shipping_charged,
    p.cost as unit_cost
from goods as g
left join products as p on p.sku = g.sku
