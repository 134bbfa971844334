-- product_net_revenue is what the line brought after the coupon, without tax and shipping.
select
    l.order_id,
    l.order_item_id as line,
    case when try_cast(l.variation_id as bigint) > 0 then l.variation_id else l.product_id end as product_id,
    try_cast(l.product_qty as double) as quantity,
    (try_cast(l.product_net_revenue as double) + coalesce(try_cast(l.coupon_amount as double), 0))
    / nullif(try_cast(l.product_qty as double), 0) as price,
    l.coupon_amount as discount,
    l.shipping_amount as shipping_charged
from source."wc_order_product_lookup" as l
inner join source."wc_order_stats" as o on cast(o.order_id as varchar) = cast(l.order_id as varchar)
where coalesce(try_cast(o.parent_id as bigint), 0) = 0
