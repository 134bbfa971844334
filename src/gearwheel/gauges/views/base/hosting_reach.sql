-- The first and the last period for which hosting was recorded: outside, nothing is known.
select min(c.period) as first_period, max(c.period) as last_period
from events.hosting h
join base.calendar c on c.day = h.day
