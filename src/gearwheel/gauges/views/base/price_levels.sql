-- The price level of each block, as a logarithm, 0 in its first: GEKS (Ivancic, Diewert & Fox 2011) of bilateral Törnqvist
-- indices between blocks at most twelve apart. The change from one block to the next is the mean, over all blocks with
-- which both share products, of the difference of their indices, weighted by that block's sales of these products. Where
-- two neighbors share none with any block, nothing is comparable, and of the parts only the one with most sales is kept.
with pairs as (
    select a.block as one, b.block as other, a.value as v, b.value as w, b.log_price - a.log_price as c
    from base.price_blocks a
    join base.price_blocks b on b.product_id = a.product_id and b.block between a.block + 1 and a.block + 12
),
indices as (
    select one, other, 0.5 * (sum(v * c) / nullif(sum(v), 0) + sum(w * c) / nullif(sum(w), 0)) as change, sum(v) as v, sum(w) as w
    from pairs
    group by one, other
),
blocks as (
    select block, sum(value) as value, row_number() over (order by block) as place
    from base.price_blocks
    group by block
),
seen as (
    select one as base_block, other as block, change, v as weight from indices
    union all
    select other, one, -change, w from indices
    union all
    select block, block, 0, value from blocks
),
links as (
    select
        b.block,
        sum(least(x.weight, y.weight) * (y.change - x.change)) / nullif(sum(least(x.weight, y.weight)), 0) as change
    from blocks a
    join blocks b on b.place = a.place + 1
    join seen x on x.block = a.block
    join seen y on y.block = b.block and y.base_block = x.base_block
    group by b.block
),
chain as (
    select
        b.block,
        b.value,
        sum(coalesce(l.change, 0)) over (order by b.block rows between unbounded preceding and current row) as level,
        sum(case when l.change is null then 1 else 0 end)
            over (order by b.block rows between unbounded preceding and current row) as part
    from blocks b
    left join links l on l.block = b.block
),
sizes as (
    select part, sum(value) as value from chain group by part
),
parts as (
    select part, row_number() over (order by value desc, part desc) as place from sizes
)
select c.block, c.level
from chain c
join parts p on p.part = c.part
where p.place = 1
