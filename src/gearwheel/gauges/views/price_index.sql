-- title = "Price index"
-- gear = "costs"
-- of = "costs.posted_price"
-- as = "mean"
-- scale = "log"
-- unit = "1"
-- needs = ["order_lines.price"]
-- definition = "prices paid (discount off) for like goods, 1 in the first period: a multilateral index without chaining from period to period. Each period is compared with the blocks around it (weeks with blocks of four weeks, days with weeks, months with months; at most twelve before and after, its own left out) by a Törnqvist index over the products sold in both; the level is the mean over the blocks, weighted by their sales of these products, of the block's own level times the index. Levels of blocks are GEKS over the same window (Törnqvist 1936; Ivancic, Diewert & Fox 2011, Journal of Econometrics 161). Lines at less than a quarter or more than four times the product's usual price, the median over its periods, are left out"
-- error = "of the weighted mean of log price changes over products, the mean over blocks"
with pairs as (
    select
        a.period,
        b.block,
        a.product_id,
        a.value as v,
        b.value as w,
        ln(a.value / a.quantity) - b.log_price as c
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
        sum(v * v * c * c) as vvcc,
        sum(v * w) as vw,
        sum(v * w * c) as vwc,
        sum(v * w * c * c) as vwcc,
        sum(w * w) as ww,
        sum(w * w * c) as wwc,
        sum(w * w * c * c) as wwcc
    from pairs
    group by period, block
),
indices as (
    select *, 0.5 * (vc / nullif(v, 0) + wc / nullif(w, 0)) as i from sums
),
compared as (
    select
        period,
        block,
        i,
        w as weight,
        0.25 * (
            (vvcc - 2 * i * vvc + i * i * vv) / nullif(v * v, 0)
            + 2 * (vwcc - 2 * i * vwc + i * i * vw) / nullif(v * w, 0)
            + (wwcc - 2 * i * wwc + i * i * ww) / nullif(w * w, 0)
        ) as variance
    from indices
),
levels as (
    select
        c.period,
        sum(c.weight * (l.level + c.i)) / nullif(sum(c.weight), 0) as level,
        sum(c.weight * greatest(0, c.variance)) / nullif(sum(c.weight), 0) as variance
    from compared c
    join base.price_levels l on l.block = c.block
    group by c.period
),
ranked as (
    select period, level, variance, row_number() over (order by period) as place
    from levels
),
counted as (
    select period, count(distinct product_id) as n
    from pairs
    group by period
)
select p.period_start, p.period_end, exp(l.level - f.level) as value, sqrt(l.variance) as error, coalesce(n.n, 0) as n
from base.periods p
left join ranked l on l.period = p.period
left join counted n on n.period = p.period
cross join ranked f
where f.place = 1
