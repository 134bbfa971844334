-- What was sold of each product in each period.
select
    product_id,
    period,
    min(day_no) as first_day,
    max(day_no) as last_day,
    sum(quantity) as quantity,
    sum(value) as value
from base.lines
where product_id is not null
group by product_id, period
