-- title = "Price index"
-- gear = "costs"
-- of = "costs.posted_price"
-- as = "mean"
-- scale = "log"
-- unit = "1"
-- needs = ["order_lines.price"]
-- definition = "prices paid (discount off) for like goods, 1 in the first period: a chained Törnqvist index over the products sold both in the period and in the one before, weighted by the mean of their two shares in sales (Törnqvist 1936; Diewert 1976, Journal of Econometrics 4)"
-- error = "of the weighted mean of log price changes, summed along the chain"
with priced as (
    select s.product_id, s.period, s.value, s.value / s.quantity as price
    from base.product_periods s
    join base.periods p on p.period = s.period
    where s.quantity > 0 and s.value > 0
),
pairs as (
    select
        b.period,
        b.value,
        a.value as value_before,
        ln(b.price / nullif(a.price, 0)) as change
    from priced b
    join priced a on a.product_id = b.product_id and a.period = b.period - 1
),
totals as (
    select period, sum(value) as value, sum(value_before) as value_before, count(*) as products
    from pairs
    group by period
),
weighted as (
    select
        x.period,
        x.change,
        0.5 * (x.value / nullif(t.value, 0) + x.value_before / nullif(t.value_before, 0)) as weight,
        t.products
    from pairs x
    join totals t on t.period = x.period
),
links as (
    select
        period,
        sum(weight * change) as change,
        sum(weight * weight * change * change) as square,
        sum(weight * weight * change) as cross_term,
        sum(weight * weight) as weights,
        count(*) as products
    from weighted
    group by period
),
chain as (
    select
        s.period,
        case when row_number() over (order by s.period) = 1 then 1 else coalesce(l.products, 0) end as known,
        coalesce(l.products, 0) as products,
        sum(coalesce(l.change, 0)) over (order by s.period rows between unbounded preceding and current row) as level,
        sum(greatest(0, coalesce(l.square - 2 * l.change * l.cross_term + l.change * l.change * l.weights, 0)))
            over (order by s.period rows between unbounded preceding and current row) as variance
    from base.periods s
    left join links l on l.period = s.period
)
select p.period_start, p.period_end, exp(c.level) as value, sqrt(c.variance) as error, c.products as n
from base.periods p
join chain c on c.period = p.period
where c.known > 0
