-- title = "Sellers among equally many orders"
-- gear = "marketplace"
-- as = "mean"
-- scale = "log"
-- unit = "seller"
-- needs = ["order_lines.seller_id"]
-- definition = "expected number of distinct sellers among a fixed number of the period's sales (a sale: one seller in one order), drawn without replacement, so that more sales do not by themselves show more sellers; the number is the greatest power of ten that is at most half the mean sales of a period (Hurlbert 1971, Ecology 52)"
-- error = "none"
with totals as (
    select s.period, cast(sum(s.orders) as double) as sales
    from base.seller_periods s
    join base.periods p on p.period = s.period
    group by s.period
),
draws as (
    select power(10, floor(ln(avg(sales) / 2) / 2.302585092994046 + 0.000000001)) as drawn from totals having avg(sales) >= 2
),
sizes as (
    select s.period, s.orders, t.sales, d.drawn, count(*) as sellers
    from base.seller_periods s
    join totals t on t.period = s.period
    cross join draws d
    where t.sales >= d.drawn
    group by s.period, s.orders, t.sales, d.drawn
),
terms as (
    select period, orders, sellers, 1 as factor, sales - orders + 8 as x from sizes where sales - orders >= drawn
    union all
    select period, orders, sellers, 1, sales - drawn + 8 from sizes where sales - orders >= drawn
    union all
    select period, orders, sellers, -1, sales - orders - drawn + 8 from sizes where sales - orders >= drawn
    union all
    select period, orders, sellers, -1, sales + 8 from sizes where sales - orders >= drawn
),
log_gammas as (
    select
        period,
        orders,
        sellers,
        factor * (
            (x - 0.5) * ln(x) - x + 1 / (12 * x) - 1 / (360 * x * x * x) + 1 / (1260 * x * x * x * x * x)
            - ln(x - 1) - ln(x - 2) - ln(x - 3) - ln(x - 4) - ln(x - 5) - ln(x - 6) - ln(x - 7)
        ) as log_gamma
    from terms
    where x > 0
),
misses as (
    select period, orders, min(sellers) as sellers, exp(sum(log_gamma)) as chance
    from log_gammas
    group by period, orders
),
expected as (
    select s.period, min(s.sales) as sales, sum(s.sellers * (1 - coalesce(m.chance, 0))) as sellers
    from sizes s
    left join misses m on m.period = s.period and m.orders = s.orders
    group by s.period
)
select p.period_start, p.period_end, e.sellers as value, cast(null as double) as error, cast(floor(e.sales) as bigint) as n
from base.periods p
join expected e on e.period = p.period
