-- What the lines cost is more than what was paid, and the stated discounts do not make up for it.
select
    h.order_id || ': lines ' || printf('%.2f', l.value) || ', discounts ' || printf('%.2f', l.stated)
    || ', Subtotal ' || printf('%.2f', h.subtotal) as example,
    l.value - l.stated > h.subtotal + greatest(0.05, 0.001 * h.subtotal) as wrong
from source."heads" as h
inner join (
    select
        l.order_key,
        coalesce(sum(l.value) filter (l.kind <> 'tip'), 0) as value,
        greatest(coalesce(any_value(h.discount), 0), sum(l.line_discount)) as stated
    from source."lines" as l
    inner join source."heads" as h on h.order_key = l.order_key
    where h.discount is not null
    group by l.order_key
) as l on l.order_key = h.order_key
where h.subtotal is not null
