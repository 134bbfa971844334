-- Every period of the record and whether it may be measured: 'whole', or 'fragment' (at most 5 % of all orders, and
-- then nothing for 28 days or more), 'begun' (the record starts inside it), 'stray' (from here to the end there is less
-- than a tenth of the orders before: late or left-over rows), 'unfinished' (the record ends inside it, or it has less
-- than half the orders of the eight periods before it).
with counted as (
    select period, count(*) as orders, min(day_no) as first_order, max(day_no) as last_order
    from base.orders
    group by period
),
gaps as (
    select
        last_order,
        lead(first_order) over (order by period) - last_order as days_after,
        sum(orders) over (order by period rows between unbounded preceding and current row) as so_far,
        sum(orders) over () as all_orders
    from counted
),
fragment as (
    select coalesce(max(last_order), 0) as end_day
    from gaps
    where days_after >= 28 and so_far <= 0.05 * all_orders
),
complete as (
    select max(complete_day) as complete_day from base.calendar
),
record as (
    select f.end_day as fragment_end, min(c.first_order) as first_order, max(k.complete_day) as last_order
    from counted c
    join fragment f on c.first_order > f.end_day
    cross join complete k
    group by f.end_day
),
calendar as (
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
        avg(coalesce(c.orders, 0)) over (order by e.period rows between 8 preceding and 1 preceding) as level_before
    from calendar e
    left join counted c on c.period = e.period
),
tails as (
    select
        *,
        max(case when level_before >= 20 and most_after < 0.1 * level_before then 1 else 0 end)
            over (order by period rows between unbounded preceding and current row) as in_tail
    from levels
),
lasts as (
    select max(case when in_tail = 0 then period end) as last_period from tails
)
select
    t.period,
    t.period_start,
    t.period_end,
    t.first_day,
    t.end_day,
    t.orders,
    r.first_order,
    r.last_order,
    case
        when t.in_tail = 1 then 'stray'
        when t.period = l.last_period and t.end_day - 1 > r.last_order then 'unfinished'
        when t.period = l.last_period and t.level_before >= 20 and t.orders < 0.5 * t.level_before then 'unfinished'
        when t.end_day <= r.first_order then 'fragment'
        when t.first_day < r.first_order then 'begun'
        else 'whole'
    end as state
from tails t
cross join lasts l
cross join record r
