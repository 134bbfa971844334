-- each = ["customer", "seller", "product", "enrolled", "tenant"]
-- Who is active, and who became so or ceased to be, in each period. Active at the end of a period is who was there on
-- one of the {active_days} days that end with its last day. New is who is there for the first time in the record;
-- returning, who was there before but was not active at the end of the period before; lost, who was active then, or
-- came in the period, and is not active at its end. So active = active before + new + returning - lost, exactly.
with came as (
    select
        s.period,
        sum(case when s.last_day_before is null then 1 else 0 end) as first_time,
        sum(case when s.last_day_before < p.first_day - {active_days} then 1 else 0 end) as came_back,
        count(*) as present
    from base.{entity}_spells s
    join base.period_states p on p.period = s.period
    group by s.period
),
went as (
    select lapse_period as period, count(*) as lost
    from base.{entity}_spells
    where lapse_period is not null and (next_period is null or next_period > lapse_period)
    group by lapse_period
),
changes as (
    select
        p.period,
        coalesce(came.first_time, 0) as first_time,
        coalesce(came.came_back, 0) as came_back,
        coalesce(came.present, 0) as present,
        coalesce(went.lost, 0) as lost
    from base.period_states p
    left join came on came.period = p.period
    left join went on went.period = p.period
)
select
    period,
    first_time,
    came_back,
    present,
    lost,
    sum(first_time + came_back - lost) over (order by period rows between unbounded preceding and current row) as active
from changes
