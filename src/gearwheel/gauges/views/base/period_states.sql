-- Every period of the record and whether it may be measured: 'whole', or 'begun' (the record starts inside it),
-- 'stray' (from here to the end there is less than a tenth of the orders before: late or left-over rows),
-- 'unfinished' (the record ends inside it, or it has less than half the orders of the eight periods before it).
with counted as (
    select period, count(*) as orders, min(day_no) as first_order, max(day_no) as last_order
    from base.orders
    group by period
),
every as (
    select
        period,
        min(day) as period_start,
        max(day) + 1 as period_end,
        min(day_no) as first_day,
        max(day_no) + 1 as end_day
    from base.calendar
    group by period
),
levels as (
    select
        e.period,
        e.period_start,
        e.period_end,
        e.first_day,
        e.end_day,
        coalesce(c.orders, 0) as orders,
        max(coalesce(c.orders, 0)) over (order by e.period rows between current row and unbounded following) as most_after,
        avg(coalesce(c.orders, 0)) over (order by e.period rows between 8 preceding and 1 preceding) as level_before,
        min(c.first_order) over () as first_order,
        max(c.last_order) over () as last_order
    from every e
    left join counted c on c.period = e.period
),
marked as (
    select
        *,
        case when level_before >= 20 and most_after < 0.1 * level_before then 1 else 0 end as stray,
        case when end_day - 1 > last_order or (level_before >= 20 and orders < 0.5 * level_before) then 1 else 0 end as low
    from levels
),
tails as (
    select *, max(stray) over (order by period rows between unbounded preceding and current row) as in_tail
    from marked
),
lasts as (
    select max(period) as last_period from tails where in_tail = 0
)
select
    t.period,
    t.period_start,
    t.period_end,
    t.first_day,
    t.end_day,
    t.orders,
    t.first_order,
    t.last_order,
    case
        when t.in_tail = 1 then 'stray'
        when t.period = l.last_period and t.low = 1 then 'unfinished'
        when t.first_order > t.first_day then 'begun'
        else 'whole'
    end as state
from tails t
cross join lasts l
