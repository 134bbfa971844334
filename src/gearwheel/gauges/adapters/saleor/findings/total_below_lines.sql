-- code = "GW473"
-- severity = "note"
-- table = "order_lines"
-- column = "discount"
-- of = "orders"
-- message = "{rows} have a total below their lines and shipping{money}; the difference counts as a discount on the whole order"
-- hint = ""
with summed as (
    select order_id, sum(value) + coalesce(any_value(shipping), 0) as lines, any_value(total) as total, any_value(currency) as currency
    from step.lines
    group by order_id
)
select
    order_id || ' (lines and shipping ' || printf('%.2f', lines) || ', total ' || printf('%.2f', total) || ')' as id,
    lines > total + greatest(0.05, 0.001 * total) as bad,
    lines - total as amount,
    currency
from summed
where total is not null
