-- code = "GW473"
-- severity = "warning"
-- table = "order_lines"
-- column = "discount"
-- of = "orders"
-- message = "{rows} have a Subtotal below their lines that no discount explains{money}"
-- hint = "the Subtotal counts as what was paid; lines may stand twice, or an order was edited"
with stated as (
    select
        l.order_key,
        coalesce(sum(l.value) filter (l.kind <> 'tip'), 0) as value,
        greatest(any_value(h.discount), sum(l.line_discount)) as discount
    from step.lines as l
    inner join step.heads as h on h.order_key = l.order_key
    where h.discount is not null
    group by l.order_key
)
select
    h.order_id || ' (lines ' || printf('%.2f', s.value) || ', discounts ' || printf('%.2f', s.discount)
    || ', Subtotal ' || printf('%.2f', h.subtotal) || ')' as id,
    s.value - s.discount > h.subtotal + greatest(0.05, 0.001 * h.subtotal) as bad,
    s.value - s.discount - h.subtotal as amount,
    h.currency
from step.heads as h
inner join stated as s on s.order_key = h.order_key
where h.subtotal is not null
