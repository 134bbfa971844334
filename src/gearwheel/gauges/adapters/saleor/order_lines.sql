-- Prices with tax, as the customer saw them. Shipping is shared among the lines by their value.
with lines as (
    select
        l.*,
        try_cast(l.quantity as double) as pieces,
        coalesce(
            nullif(try_cast(l.undiscounted_unit_price_gross_amount as double), 0),
            try_cast(l.unit_price_gross_amount as double)
        ) as full_price,
        try_cast(l.unit_price_gross_amount as double) as paid_price,
        try_cast(o.shipping_price_gross_amount as double) as shipping
    from source."order_orderline" as l
    inner join source."order_order" as o on o.id = l.order_id
    where o.status <> 'draft'
)
select
    order_id,
    id as line,
    coalesce(nullif(product_sku, ''), nullif(product_variant_id, ''), cast(variant_id as varchar), product_name) as product_id,
    pieces as quantity,
    full_price as price,
    greatest(full_price - paid_price, 0) * pieces as discount,
    shipping * coalesce(
        pieces * paid_price / nullif(sum(pieces * paid_price) over (partition by order_id), 0),
        1.0 / count(*) over (partition by order_id)
    ) as shipping_charged
from lines
