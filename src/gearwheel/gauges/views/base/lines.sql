-- stored = false
-- The lines of the orders that count; the goods' value is what the customer paid for them, discount off, freight apart.
select
    o.period,
    o.day_no,
    l.order_id,
    l.product_id,
    nullif(l.seller_id, '') as seller_id,
    coalesce(l.quantity, 1) as quantity,
    l.price * coalesce(l.quantity, 1) - coalesce(l.discount, 0) as value,
    l.shipping_charged,
    l.commission,
    l.unit_cost * coalesce(l.quantity, 1) as goods_cost,
    l.shipping_cost,
    l.fulfilled_by
from events.order_lines l
join base.orders o on o.order_id = l.order_id
