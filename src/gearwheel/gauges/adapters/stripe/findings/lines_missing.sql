-- code = "GW470"
-- severity = "error"
-- table = "order_lines"
-- column = "line"
-- of = "invoices"
-- message = "{rows} have lines that the export does not list, and no subtotal or total that says how much they come to: sales are too low"
-- hint = "export invoices.subtotal and invoices.total, or all lines"
select id, total is null and subtotal is null and (more or listed_lines = 0) as bad, null as amount, currency
from step.totals
where status = 'paid' and live
