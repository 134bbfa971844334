-- The first and the last period in which costs of any kind were booked: outside, nothing is known.
select min(c.period) as first_period, max(c.period) as last_period
from events.costs k
join base.calendar c on c.day = k.day
