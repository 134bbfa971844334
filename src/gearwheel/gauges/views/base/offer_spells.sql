-- From which period on each offer is listed, and from which on no longer (NULL while it still is): it is listed at the
-- end of a period whose last day is neither before its first day nor on or after the day it was taken off.
with dated as (
    select
        product_id,
        case when coalesce(member_eligible, false) then 1 else 0 end as eligible,
        date_diff('day', cast('1900-01-01' as date), cast(listed_at as date)) as listed_day,
        date_diff('day', cast('1900-01-01' as date), cast(delisted_at as date)) as delisted_day
    from events.offers
),
record as (
    select min(day_no) as first_day from base.calendar
),
inside as (
    select
        d.product_id,
        d.eligible,
        greatest(d.listed_day, r.first_day) as listed_day,
        case when d.delisted_day < r.first_day then r.first_day else d.delisted_day end as delisted_day
    from dated d
    cross join record r
)
select i.product_id, i.eligible, f.period as first_period, u.period as end_period
from inside i
join base.calendar f on f.day_no = i.listed_day
left join base.calendar u on u.day_no = i.delisted_day
