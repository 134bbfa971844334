-- From which period on each spell of membership counts at the period's end, and from which on no longer.
with record as (
    select min(day_no) as first_day from base.calendar
),
inside as (
    select
        m.customer_id,
        greatest(m.start_day, r.first_day) as start_day,
        case when m.end_day < r.first_day then r.first_day else m.end_day end as end_day
    from base.memberships m
    cross join record r
)
select i.customer_id, f.period as first_period, u.period as end_period
from inside i
join base.calendar f on f.day_no = i.start_day
left join base.calendar u on u.day_no = i.end_day
where u.period is null or u.period > f.period
