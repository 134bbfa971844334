-- title = "Basket"
-- gear = "experience"
-- as = "ratio(experience.sales_value, experience.order_rate)"
-- scale = "log"
-- unit = "money/order"
-- needs = ["order_lines.price"]
-- definition = "value of the goods in an order, mean over the period's orders"
-- error = "sd / sqrt(n) of the orders' values, relative to their mean"
select
    p.period_start,
    p.period_end,
    s.value / nullif(s.orders, 0) as value,
    sqrt(greatest(0, s.value_2 - s.value * s.value / nullif(s.orders, 0))) / nullif(abs(s.value), 0) as error,
    s.orders as n
from base.periods p
join base.order_sums s on s.period = p.period
