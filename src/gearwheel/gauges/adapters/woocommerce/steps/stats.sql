-- Orders and refunds: a refund is an order with a parent. Drafts and what lies in the trash never were orders. The time in
-- GMT wins over the shop's local one. Of an order that stands in two exports the last state counts; orders of two shops
-- with one id differ in customer or time and stay apart here, so that they are seen.
with placed as (
    select
        order_id,
        case when ltrim(parent_id, '0.') <> '' then parent_id end as refund_of,
        coalesce(date_created_gmt, date_created) as placed_at,
        regexp_replace(lower(status), '^wc-', '') as status,
        case when ltrim(customer_id, '0.') <> '' then customer_id end as customer_id,
        net_total,
        row_number() over () as place
    from source."wc_order_stats"
),
last as (
    select * exclude (place)
    from placed
    qualify row_number() over (partition by order_id, refund_of, placed_at, customer_id order by place desc) = 1
)
select *
from last
where coalesce(status, '') not in ('trash', 'auto-draft', 'checkout-draft')
