-- title = "Price index"
-- gear = "costs"
-- of = "costs.posted_price"
-- as = "mean"
-- scale = "log"
-- unit = "1"
-- needs = ["order_lines.price"]
-- definition = "prices paid (discount off) for like goods, 1 in the first period: a multilateral index without chaining from period to period. Each period is compared with the blocks around it (weeks with blocks of four weeks, days with weeks, months with months; at most twelve before and after, its own left out) by a Törnqvist index over the products sold in both; the level is the mean over the blocks, weighted by their sales of these products, of the block's own level times the index. Levels of blocks are GEKS over the same window (Törnqvist 1936; Ivancic, Diewert & Fox 2011, Journal of Econometrics 161). Lines at less than a quarter or more than four times the product's usual price, the median over its periods, are left out"
-- error = "of the mean of log price changes over products, weighted by the sales of the period, the mean over blocks"
with pairs as (
    select a.period, b.block, a.value as v, b.value as w, ln(a.value / a.quantity) - b.log_price as c
    from base.price_periods a
    join base.price_blocks b
        on b.product_id = a.product_id and b.block between a.block - 12 and a.block + 12 and b.block <> a.block
    where a.quantity > 0 and a.value > 0
),
sums as (
    select
        period,
        block,
        nullif(sum(v), 0) as v,
        nullif(sum(w), 0) as w,
        sum(v * c) as vc,
        sum(w * c) as wc,
        sum(v * v) as vv,
        sum(v * v * c) as vvc,
        sum(v * v * c * c) as vvcc
    from pairs
    group by period, block
),
compared as (
    select period, block, w, v, vv, vvc, vvcc, 0.5 * (vc / nullif(v, 0) + wc / nullif(w, 0)) as change
    from sums
),
levels as (
    select
        c.period,
        sum(c.w * (l.level + c.change)) / nullif(sum(c.w), 0) as level,
        sum(c.w * greatest(0, c.vvcc - 2 * c.change * c.vvc + c.change * c.change * c.vv) / nullif(c.v * c.v, 0))
            / nullif(sum(c.w), 0) as variance
    from compared c
    join base.price_levels l on l.block = c.block
    group by c.period
),
ranked as (
    select period, level, variance, row_number() over (order by period) as place
    from levels
),
based as (
    select period, level, variance, max(case when place = 1 then level end) over () as first_level
    from ranked
),
repeated as (
    select product_id from base.price_blocks group by product_id having count(*) > 1
),
counted as (
    select a.period, count(*) as n
    from base.price_periods a
    join repeated r on r.product_id = a.product_id
    group by a.period
)
select p.period_start, p.period_end, exp(l.level - l.first_level) as value, sqrt(l.variance) as error, coalesce(n.n, 0) as n
from base.periods p
left join based l on l.period = p.period
left join counted n on n.period = p.period
