-- Paid spells of membership in days: [start_day, end_day), end_day NULL while running. A spell ends at the latest when
-- the same customer's next one starts, so that nobody is a member twice.
with dated as (
    select
        customer_id,
        fee,
        date_diff('day', cast('1900-01-01' as date), cast(starts_at as date)) as start_day,
        date_diff('day', cast('1900-01-01' as date), cast(ends_at as date)) as paid_until
    from events.memberships
),
followed as (
    select *, lead(start_day) over (partition by customer_id order by start_day, coalesce(paid_until, 9999999)) as next_start
    from dated
)
select
    customer_id,
    fee,
    start_day,
    paid_until,
    case
        when next_start is null then paid_until
        when paid_until is null or paid_until > next_start then next_start
        else paid_until
    end as end_day
from followed
