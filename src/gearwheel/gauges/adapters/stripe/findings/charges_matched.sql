-- code = "GW471"
-- severity = "note"
-- table = "orders"
-- column = "order_id"
-- of = "charges"
-- message = "{rows} name no invoice and are taken to have paid one of the same customer, currency and amount that was made shortly before{money}"
-- hint = "export invoice_payments to have it told: since 2025-03-31 the API no longer names the invoice of a charge"
select id, by_match as bad, taken / unit as amount, currency
from step.paid
where live
