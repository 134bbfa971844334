-- Active customers who are members at the end of each period: spells of activity that meet spells of membership.
with active as (
    select
        customer_id,
        period as first_period,
        case
            when lapse_period is null then next_period
            when next_period is null or next_period > lapse_period then lapse_period
            else next_period
        end as end_period
    from base.customer_spells
),
both_true as (
    select
        greatest(a.first_period, m.first_period) as first_period,
        case
            when a.end_period is null then m.end_period
            when m.end_period is null or m.end_period > a.end_period then a.end_period
            else m.end_period
        end as end_period
    from active a
    join base.member_spells m on m.customer_id = a.customer_id
),
changes as (
    select first_period as period, 1 as members
    from both_true
    where end_period is null or end_period > first_period
    union all
    select end_period, -1
    from both_true
    where end_period > first_period
),
summed as (
    select period, sum(members) as members
    from changes
    group by period
)
select
    s.period,
    sum(coalesce(x.members, 0)) over (order by s.period rows between unbounded preceding and current row) as members
from base.period_states s
left join summed x on x.period = s.period
