-- code = "GW472"
-- severity = "note"
-- table = "order_lines"
-- column = "price"
-- of = "invoices"
-- message = "{rows} have tax on top of their prices{money}: it is no part of the sales value; a tax that prices include is"
-- hint = ""
select id, on_top - shipping_total > 0.5 as bad, (on_top - shipping_total) / unit as amount, currency
from step.totals
where status = 'paid' and live and goods > 0
