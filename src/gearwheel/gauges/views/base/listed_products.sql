-- Products with at least one listed offer at the end of each period.
with changes as (
    select product_id, first_period as period, 1 as offers
    from base.offer_spells
    where product_id is not null
    union all
    select product_id, end_period, -1
    from base.offer_spells
    where product_id is not null and end_period is not null
),
summed as (
    select product_id, period, sum(offers) as offers
    from changes
    group by product_id, period
),
levels as (
    select
        product_id,
        period,
        offers,
        sum(offers) over (partition by product_id order by period rows between unbounded preceding and current row) as listed
    from summed
),
turns as (
    select
        period,
        sum(
            case
                when listed > 0 and listed - offers = 0 then 1
                when listed = 0 and listed - offers > 0 then -1
                else 0
            end
        ) as products
    from levels
    group by period
)
select
    s.period,
    sum(coalesce(t.products, 0)) over (order by s.period rows between unbounded preceding and current row) as products
from base.period_states s
left join turns t on t.period = s.period
