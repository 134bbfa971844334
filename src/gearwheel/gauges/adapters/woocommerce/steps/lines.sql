-- product_net_revenue is what the line brought after the coupon, without tax and shipping.
select
    l.order_id,
    l.order_item_id as line,
    l.product_id,
    case when ltrim(l.variation_id, '0.') <> '' then l.variation_id end as variation_id,
    l.product_qty as quantity,
    l.product_net_revenue as revenue,
    l.coupon_amount as coupon,
    l.shipping_amount as shipping,
    row_number() over (partition by l.order_id order by length(l.order_item_id), l.order_item_id) as place,
    row_number() over (
        partition by l.order_id, l.product_id, l.variation_id order by length(l.order_item_id), l.order_item_id
    ) as nth,
    count(*) over (partition by l.order_id, l.product_id, l.variation_id) as alike
from step.items as l
inner join step.stats as o on o.order_id = l.order_id
where o.refund_of is null
