-- Offers listed at the end of each period, and those of them with the members' promise.
with changes as (
    select first_period as period, 1 as offers, eligible from base.offer_spells
    union all
    select end_period, -1, -eligible from base.offer_spells where end_period is not null
),
summed as (
    select period, sum(offers) as offers, sum(eligible) as eligible
    from changes
    group by period
)
select
    s.period,
    sum(coalesce(x.offers, 0)) over (order by s.period rows between unbounded preceding and current row) as offers,
    sum(coalesce(x.eligible, 0)) over (order by s.period rows between unbounded preceding and current row) as eligible
from base.period_states s
left join summed x on x.period = s.period
