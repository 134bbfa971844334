-- When the platform packed and shipped for each third-party seller, in each period.
select seller_id as enrolled_id, period, first_platform_day as first_day, last_platform_day as last_day
from base.seller_periods
where last_platform_day is not null
