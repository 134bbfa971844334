-- What each third-party seller sold in each period, and the last day on which the platform packed and shipped for it.
with sales as (
    select
        seller_id,
        order_id,
        min(period) as period,
        min(day_no) as day_no,
        max(case when lower(fulfilled_by) = 'platform' then day_no end) as platform_day
    from base.lines
    where seller_id is not null
    group by seller_id, order_id
)
select
    seller_id,
    period,
    min(day_no) as first_day,
    max(day_no) as last_day,
    min(platform_day) as first_platform_day,
    max(platform_day) as last_platform_day,
    count(*) as orders
from sales
group by seller_id, period
