-- code = "GW472"
-- severity = "note"
-- table = "orders"
-- column = "status"
-- of = "paid invoices"
-- message = "{rows} asked for nothing, as in a free trial or with a coupon for all of it: they are no orders, and nobody is a member by them"
-- hint = ""
select id, goods <= 0 as bad, null as amount, currency
from step.totals
where status = 'paid' and live
