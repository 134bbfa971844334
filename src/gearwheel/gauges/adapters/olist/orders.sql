-- customer_id is new for every order; the person is customer_unique_id.
select
    o.order_id,
    c.customer_unique_id as customer_id,
    o.order_purchase_timestamp as placed_at,
    case when o.order_status in ('canceled', 'unavailable') then 'cancelled' else o.order_status end as status
from source."orders" as o
left join source."customers" as c on c.customer_id = o.customer_id
