-- code = "GW471"
-- severity = "warning"
-- table = "orders"
-- column = "order_id"
-- of = "charges"
-- message = "{rows} paid invoices that the export does not hold; each counts as a sale of its own{money}"
-- hint = "export all invoices"
select id, invoice is not null and of_invoice is null as bad, taken / unit as amount, currency
from step.paid
where live
