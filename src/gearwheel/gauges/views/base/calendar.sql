-- Every day of the record with its period: days are counted from Monday 1 January 1900, so that dates are compared as
-- whole numbers everywhere else and no dialect's weeks matter. The first and the last period are there in full. Where it
-- is stated until when the record is complete, it goes that far, at most a month beyond the last order.
with digits as (
    select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4
    union all select 5 union all select 6 union all select 7 union all select 8 union all select 9
),
counted as (
    select min(cast(placed_at as date)) as first_day, max(cast(placed_at as date)) as last_day
    from events.orders
    where coalesce(status, '') <> 'cancelled'
        and not coalesce(is_test, false)
        and cast(placed_at as date) >= cast('{since}' as date)
        and cast(placed_at as date) < cast('{until}' as date)
),
record as (
    select
        first_day,
        case
            when cast('{until}' as date) < cast('9999-01-01' as date)
                then case
                    when cast('{until}' as date) - 1 < last_day + 31 then cast('{until}' as date) - 1
                    else last_day + 31
                end
            else last_day
        end as last_day
    from counted
),
numbers as (
    select a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit + 10000 * e.digit as number
    from digits a cross join digits b cross join digits c cross join digits d cross join digits e
),
days as (
    select
        cast('1900-01-01' as date) + n.number as day,
        n.number as day_no,
        r.first_day,
        r.last_day
    from numbers n
    join record r
        on n.number >= date_diff('day', cast('1900-01-01' as date), r.first_day) - 31
        and n.number <= date_diff('day', cast('1900-01-01' as date), r.last_day) + 31
),
keyed as (
    select
        day,
        day_no,
        first_day,
        last_day,
        case '{grain}'
            when 'day' then day_no
            when 'week' then cast(floor(day_no / 7) as integer)
            else cast(12 * extract(year from day) + extract(month from day) as integer)
        end as period
    from days
),
ends as (
    select
        min(case when day = first_day then period end) as first_period,
        max(case when day = last_day then period end) as last_period
    from keyed
)
select k.day, k.day_no, k.period, date_diff('day', cast('1900-01-01' as date), k.last_day) as complete_day
from keyed k
join ends e on k.period between e.first_period and e.last_period
