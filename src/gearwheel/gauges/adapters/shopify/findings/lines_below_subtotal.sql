-- code = "GW473"
-- severity = "error"
-- table = "order_lines"
-- column = "price"
-- of = "orders"
-- message = "{rows} have lines that cost less than the order's Subtotal{money}"
-- hint = "lines are missing, or their prices or pieces were changed; export these orders again"
select
    h.order_id || ' (lines ' || printf('%.2f', l.value) || ', Subtotal ' || printf('%.2f', h.subtotal) || ')' as id,
    l.value < h.subtotal - greatest(0.05, 0.001 * h.subtotal) as bad,
    h.subtotal - l.value as amount,
    h.currency
from step.heads as h
inner join (select order_key, coalesce(sum(value), 0) as value from step.lines group by order_key) as l
    on l.order_key = h.order_key
where h.subtotal is not null
