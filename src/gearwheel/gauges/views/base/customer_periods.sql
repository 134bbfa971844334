-- What each customer did in each period.
select customer_id, period, min(day_no) as first_day, max(day_no) as last_day, count(*) as orders
from base.orders
where customer_id is not null
group by customer_id, period
