-- code = "GW471"
-- severity = "warning"
-- table = "orders"
-- column = "order_id"
-- of = "charges"
-- message = "{rows} name no invoice and count as sales of their own{money}, though their customers have paid invoices without a charge: the same money may count twice"
-- hint = "export invoice_payments to have it told which charge paid which invoice"
with unpaid as (
    select v.customer, v.moment
    from step.totals as v
    where v.status = 'paid' and v.paid > 0 and v.live and not v.out_of_band
        and not exists (select 1 from step.paid as c where c.of_invoice = v.id)
)
select
    c.id,
    c.of_invoice is null and exists (
        select 1 from unpaid as u where u.customer = c.customer and abs(u.moment - c.moment) <= 62 * 86400
    ) as bad,
    c.taken / c.unit as amount,
    c.currency
from step.paid as c
where c.live
