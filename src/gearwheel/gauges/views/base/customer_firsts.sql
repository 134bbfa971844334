-- Each customer's first day with an order, its period, and the next day with one (only as far as the next period tells).
with ordered as (
    select
        customer_id,
        period,
        first_day,
        last_day,
        row_number() over (partition by customer_id order by period) as place,
        lead(first_day) over (partition by customer_id order by period) as first_day_after
    from base.customer_periods
)
select period, first_day, case when last_day > first_day then last_day else first_day_after end as next_day
from ordered
where place = 1
