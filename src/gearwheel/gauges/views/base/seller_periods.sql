-- What each third-party seller sold in each period.
select seller_id, period, min(day_no) as first_day, max(day_no) as last_day, count(distinct order_id) as orders
from base.lines
where seller_id is not null
group by seller_id, period
