-- The price level of each block, as a logarithm, 0 in its first: GEKS (Ivancic, Diewert & Fox 2011) of bilateral Törnqvist
-- indices between blocks at most twelve apart. The change from one block to the next is the mean, over all blocks with
-- which both share products, of the difference of their indices, weighted by that block's sales of these products. Where
-- two neighbors share none with any block, nothing is comparable, and of the parts only the one with most sales is kept.
with pairs as (
    select a.block as base_block, b.block, a.value as v, b.value as w, b.log_price - a.log_price as c
    from base.price_blocks a
    join base.price_blocks b on b.product_id = a.product_id and b.block between a.block - 12 and a.block + 12
),
blocks as (
    select block, sum(value) as value, row_number() over (order by block) as place
    from base.price_blocks
    group by block
),
indices as (
    select
        base_block,
        block,
        0.5 * (sum(v * c) / nullif(sum(v), 0) + sum(w * c) / nullif(sum(w), 0)) as change,
        sum(v) as weight
    from pairs
    group by base_block, block
),
followed as (
    select
        i.block,
        i.change,
        i.weight,
        b.place,
        lag(b.place) over (partition by i.base_block order by b.place) as place_before,
        lag(i.change) over (partition by i.base_block order by b.place) as change_before,
        lag(i.weight) over (partition by i.base_block order by b.place) as weight_before
    from indices i
    join blocks b on b.block = i.block
),
links as (
    select
        block,
        sum(least(weight, weight_before) * (change - change_before)) / nullif(sum(least(weight, weight_before)), 0) as change
    from followed
    where place_before = place - 1
    group by block
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
