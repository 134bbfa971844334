-- Members at the end of each period, and active customers who are none.
with changes as (
    select first_period as period, 1 as members from base.member_spells
    union all
    select end_period, -1 from base.member_spells where end_period is not null
),
summed as (
    select period, sum(members) as members
    from changes
    group by period
),
levels as (
    select
        s.period,
        sum(coalesce(x.members, 0)) over (order by s.period rows between unbounded preceding and current row) as members
    from base.period_states s
    left join summed x on x.period = s.period
)
select l.period, l.members, f.active - a.members as nonmembers
from levels l
join base.customer_flows f on f.period = l.period
join base.active_members a on a.period = l.period
