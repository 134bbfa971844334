-- title = "Orders of those who are customers already"
-- gear = "experience"
-- of = "experience.order_rate"
-- as = "sum"
-- scale = "log"
-- unit = "order"
-- needs = ["orders.customer_id"]
-- definition = "orders of the period, less one for each customer who was won or won back in it; left out until the record is {active_days} days long"
-- error = "Poisson: 1 / sqrt(n)"
select
    p.period_start,
    p.period_end,
    cast((s.orders - f.first_time - f.came_back) as double) as value,
    1 / sqrt(nullif((s.orders - f.first_time - f.came_back), 0)) as error,
    (s.orders - f.first_time - f.came_back) as n
from base.periods p
join base.period_states s on s.period = p.period
join base.customer_flows f on f.period = p.period
where p.change_known
