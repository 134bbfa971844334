-- each = ["customer", "seller", "product", "enrolled", "tenant"]
-- Each one's periods with the ones before and after, and the period at whose end nobody seen since is active no more.
with followed as (
    select
        {entity}_id,
        period,
        first_day,
        last_day,
        lag(last_day) over (partition by {entity}_id order by period) as last_day_before,
        lead(period) over (partition by {entity}_id order by period) as next_period,
        lead(first_day) over (partition by {entity}_id order by period) as next_day
    from base.{entity}_periods
)
select
    f.{entity}_id,
    f.period,
    f.first_day,
    f.last_day,
    f.last_day_before,
    f.next_period,
    f.next_day,
    c.period as lapse_period
from followed f
left join base.calendar c on c.day_no = f.last_day + {active_days}
