-- Orders and refunds: a refund is an order with a parent. Drafts and what lies in the trash never were orders. The time in
-- GMT wins over the shop's local one.
select
    order_id,
    case when ltrim(parent_id, '0.') <> '' then parent_id end as refund_of,
    coalesce(date_created_gmt, date_created) as placed_at,
    regexp_replace(lower(status), '^wc-', '') as status,
    case when ltrim(customer_id, '0.') <> '' then customer_id end as customer_id,
    net_total
from source."wc_order_stats"
where coalesce(lower(status), '') not in ('trash', 'wc-trash', 'auto-draft', 'wc-auto-draft', 'wc-checkout-draft', 'checkout-draft')
