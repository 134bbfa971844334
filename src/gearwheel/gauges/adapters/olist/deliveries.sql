-- The promise is a day (always midnight in the data). Noon stands for it, so that it is the same day in UTC: days are
-- what is compared. Orders that never were to be delivered promise nothing.
select
    order_id,
    order_estimated_delivery_date + interval '12 hours' as promised_at,
    order_delivered_customer_date as delivered_at
from source."orders"
where coalesce(order_status, '') not in ('canceled', 'unavailable')
