-- Prices with tax, as the customer saw them. Drafts never were orders.
select
    l.order_id,
    l.id as line,
    coalesce(l.product_sku, l.product_variant_id, l.variant_id, l.product_name) as product_id,
    l.product_name,
    l.quantity,
    coalesce(nullif(l.undiscounted_unit_price_gross_amount, 0), l.unit_price_gross_amount) as full_price,
    l.unit_price_gross_amount as paid_price,
    l.quantity * l.unit_price_gross_amount as value,
    coalesce(l.is_gift_card, false) as is_gift_card,
    o.shipping_price_gross_amount as shipping,
    o.total_gross_amount as total,
    o.currency
from source."order_orderline" as l
left join source."order_order" as o on o.id = l.order_id
where coalesce(o.status, '') <> 'draft'
