-- When each seller's own systems were hosted, in each period.
select h.seller_id as tenant_id, c.period, min(c.day_no) as first_day, max(c.day_no) as last_day, count(*) as days
from events.hosting h
join base.calendar c on c.day = h.day
where h.seller_id is not null
group by h.seller_id, c.period
