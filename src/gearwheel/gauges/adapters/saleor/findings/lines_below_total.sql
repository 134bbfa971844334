-- code = "GW473"
-- severity = "error"
-- table = "order_lines"
-- column = "price"
-- of = "orders"
-- message = "{rows} have lines and shipping that cost less than the order's total{money}"
-- hint = "lines are missing, or something else was charged; export these orders again"
with summed as (
    select order_id, sum(value) + coalesce(any_value(shipping), 0) as lines, any_value(total) as total, any_value(currency) as currency
    from step.lines
    group by order_id
)
select
    order_id || ' (lines and shipping ' || printf('%.2f', lines) || ', total ' || printf('%.2f', total) || ')' as id,
    lines < total - greatest(0.05, 0.001 * total) as bad,
    total - lines as amount,
    currency
from summed
where total is not null
