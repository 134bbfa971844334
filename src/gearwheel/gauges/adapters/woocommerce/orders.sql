-- An order that was never paid does not count: the shop's own analytics leave out pending, failed and cancelled ones too.
-- Somebody without an address is a person of their own; guests without any record share the customer 0.
select
    o.order_id,
    coalesce(lower(c.email), 'customer ' || o.customer_id, 'order ' || o.order_id) as customer_id,
    o.placed_at,
    case when o.status in ('cancelled', 'failed', 'pending') then 'cancelled' else o.status end as status
from step.stats as o
left join source."wc_customer_lookup" as c on c.customer_id = o.customer_id
where o.refund_of is null
