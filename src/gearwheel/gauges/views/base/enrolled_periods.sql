-- What each third-party seller sold in each period with the platform packing and shipping.
select seller_id as enrolled_id, period, min(day_no) as first_day, max(day_no) as last_day
from base.lines
where seller_id is not null and lower(fulfilled_by) = 'platform'
group by seller_id, period
