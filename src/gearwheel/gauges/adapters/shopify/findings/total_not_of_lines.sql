-- code = "GW473"
-- severity = "warning"
-- table = "order_lines"
-- column = "price"
-- of = "orders"
-- message = "{rows} state no Subtotal and have a Total that their lines, discounts, shipping and taxes do not come to{money}"
-- hint = "lines are missing or stand twice, or discounts are not in the export; export it with the column Subtotal"
with summed as (
    select
        l.order_key,
        coalesce(sum(l.value) filter (l.kind <> 'tip'), 0) as value,
        coalesce(sum(l.value) filter (l.kind = 'tip'), 0) as tips,
        greatest(coalesce(any_value(h.discount), 0), sum(l.line_discount)) as discount
    from step.lines as l
    inner join step.heads as h on h.order_key = l.order_key
    where h.subtotal is null and h.total is not null
    group by l.order_key
),
compared as (
    select
        h.order_id,
        h.currency,
        h.total,
        s.value - s.discount + coalesce(h.shipping, 0) as lines,
        s.discount,
        s.tips + coalesce(h.taxes, h.total) as more,
        greatest(0.05, 0.001 * h.total) as near
    from summed as s
    inner join step.heads as h on h.order_key = s.order_key
)
select
    order_id || ' (lines and shipping ' || printf('%.2f', lines) || ', Total ' || printf('%.2f', total) || ')' as id,
    lines > total + near or lines + discount + more < total - near as bad,
    abs(total - lines) as amount,
    currency
from compared
