-- code = "GW471"
-- severity = "warning"
-- table = "orders"
-- column = "order_id"
-- of = "charges"
-- message = "{rows} name no invoice and count as sales of their own{money}, though their customers have paid invoices without a charge, of no more money: the same money may count twice"
-- hint = "export invoice_payments to have it told which charge paid which invoice"
with near as (
    select c.id as charge, sum(c.taken) over (partition by v.id) >= v.paid as enough
    from step.totals as v
    inner join step.paid as c
        on c.customer = v.customer and c.currency = v.currency and abs(v.moment - c.moment) <= 62 * 86400
    where v.status = 'paid' and v.paid > 0 and v.live and not v.out_of_band and c.of_invoice is null
        and not exists (select 1 from step.paid as p where p.of_invoice = v.id)
)
select
    id,
    id in (select charge from near where enough) as bad,
    taken / unit as amount,
    currency
from step.paid
where live
