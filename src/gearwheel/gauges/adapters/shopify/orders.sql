-- An order of nothing but gift cards and tips is no order of goods. Somebody without an address is a person of their own.
select
    h.order_id,
    coalesce(h.email, h.phone, 'order ' || h.order_id) as customer_id,
    h.placed_at,
    case when h.cancelled_at is not null or list_contains(h.statuses, 'voided') then 'cancelled' else h.status end as status,
    h.currency,
    h.is_test
from step.heads as h
left join (
    select order_key, bool_or(kind = 'goods') as has_goods from step.lines group by order_key
) as l on l.order_key = h.order_key
where coalesce(l.has_goods, true)
