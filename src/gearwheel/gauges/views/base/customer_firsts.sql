-- Each customer's first day with an order, its period, and the next day with one (only as far as the next period tells).
select period, first_day, case when last_day > first_day then last_day else next_day end as next_day
from base.customer_spells
where last_day_before is null
