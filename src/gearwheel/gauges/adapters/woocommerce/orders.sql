-- Refunds are orders with a parent; they are returns, not orders. An order that was never paid does not count: the
-- shop's own analytics leave out pending, failed and cancelled ones too. The time in GMT wins over the shop's local one.
select
    o.order_id,
    coalesce(nullif(lower(trim(c.email)), ''), 'customer ' || cast(o.customer_id as varchar)) as customer_id,
    coalesce(
        cast(try_cast(o.date_created_gmt as timestamp) as varchar) || '+00',
        cast(try_cast(o.date_created as timestamp) as varchar)
    ) as placed_at,
    case
        when o.status in ('wc-cancelled', 'wc-failed', 'wc-pending', 'cancelled', 'failed', 'pending') then 'cancelled'
        else regexp_replace(o.status, '^wc-', '')
    end as status
from source."wc_order_stats" as o
left join source."wc_customer_lookup" as c on cast(c.customer_id as varchar) = cast(o.customer_id as varchar)
where coalesce(try_cast(o.parent_id as bigint), 0) = 0
    and o.status not in ('trash', 'wc-trash', 'auto-draft', 'wc-auto-draft', 'wc-checkout-draft', 'checkout-draft')
