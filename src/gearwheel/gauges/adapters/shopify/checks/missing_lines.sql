-- What the lines cost before any discount is less than what the order says was paid for them.
select
    h.order_id || ': lines ' || printf('%.2f', l.value) || ', Subtotal ' || printf('%.2f', h.subtotal) as example,
    l.value < h.subtotal - greatest(0.05, 0.001 * h.subtotal) as wrong
from source."heads" as h
inner join (select order_key, coalesce(sum(value), 0) as value from source."lines" group by order_key) as l
    on l.order_key = h.order_key
where h.subtotal is not null
