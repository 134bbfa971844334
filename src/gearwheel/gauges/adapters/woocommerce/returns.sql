-- A refund is an order with a parent. Its items name what came back; one without items is put on the first line.
with refunds as (
    select
        cast(order_id as varchar) as refund_id,
        cast(parent_id as varchar) as order_id,
        coalesce(
            cast(try_cast(date_created_gmt as timestamp) as varchar) || '+00',
            cast(try_cast(date_created as timestamp) as varchar)
        ) as refunded_at
    from source."wc_order_stats"
    where try_cast(parent_id as bigint) > 0
),
lines as (
    select
        cast(order_id as varchar) as order_id,
        try_cast(order_item_id as bigint) as line,
        cast(product_id as varchar) as product_id,
        cast(variation_id as varchar) as variation_id,
        try_cast(product_net_revenue as double) as revenue
    from source."wc_order_product_lookup"
)
select r.order_id, min(l.line) as line, r.refunded_at as requested_at, max(abs(i.revenue)) as refund
from refunds as r
inner join lines as i on i.order_id = r.refund_id
inner join lines as l
    on l.order_id = r.order_id and l.product_id = i.product_id and l.variation_id = i.variation_id
group by r.order_id, r.refund_id, i.line, r.refunded_at
union all
select r.order_id, min(l.line) as line, r.refunded_at as requested_at, cast(null as double) as refund
from refunds as r
inner join lines as l on l.order_id = r.order_id
where not exists (select 1 from lines as i where i.order_id = r.refund_id)
group by r.order_id, r.refund_id, r.refunded_at
