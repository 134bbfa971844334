-- title = "Sales value"
-- gear = "experience"
-- of = "experience.sales_value"
-- as = "sum"
-- scale = "log"
-- unit = "money"
-- needs = ["order_lines.price"]
-- definition = "what customers paid for the goods of the period's orders: price times pieces less discount, without freight"
-- error = "compound Poisson: sqrt(sum of squared order values) / their sum"
select
    p.period_start,
    p.period_end,
    coalesce(s.value, 0) as value,
    sqrt(s.value_2) / nullif(s.value, 0) as error,
    coalesce(s.orders, 0) as n
from base.periods p
left join base.order_sums s on s.period = p.period
