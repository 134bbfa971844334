-- The periods that are measured. A level counted over the last {active_days} days is known where these days lie inside
-- the record (level_known); who joined or left in a period, where they do on its first day already (change_known).
select
    period,
    period_start,
    period_end,
    first_day,
    end_day,
    (end_day - first_day) / 365.2425 as years,
    end_day - {active_days} >= first_order as level_known,
    first_day - {active_days} >= first_order as change_known
from base.period_states
where state = 'whole'
