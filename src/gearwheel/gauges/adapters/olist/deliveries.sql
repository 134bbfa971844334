-- The promise is a day (always midnight in the data): it is kept until that day's last second. Orders that never
-- were to be delivered promise nothing.
select
    order_id,
    date_trunc('day', try_cast(order_estimated_delivery_date as timestamp)) + interval '86399 seconds' as promised_at,
    order_delivered_customer_date as delivered_at
from source."orders"
where order_status not in ('canceled', 'unavailable')
