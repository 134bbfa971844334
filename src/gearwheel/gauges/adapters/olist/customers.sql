-- Nobody is seen before the first order.
select c.customer_unique_id as customer_id, min(o.order_purchase_timestamp) as first_seen
from source."orders" as o
inner join source."customers" as c on c.customer_id = o.customer_id
group by c.customer_unique_id
