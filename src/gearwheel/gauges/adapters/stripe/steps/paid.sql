-- Every charge by which money was taken, and the order that it belongs to: the invoice that it paid, else itself.
select
    c.*,
    v.id as of_invoice,
    coalesce(v.id, c.id) as order_id,
    m.invoice is not null as by_match
from step.charges as c
left join step.matched as m on m.charge = c.id
left join step.invoices as v on v.id = coalesce(c.invoice, m.invoice)
where c.taken > 0 or (c.succeeded and c.captured and c.taken is null)
