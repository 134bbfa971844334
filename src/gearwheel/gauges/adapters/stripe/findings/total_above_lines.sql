-- code = "GW470"
-- severity = "warning"
-- table = "order_lines"
-- column = "price"
-- of = "invoices"
-- message = "{rows} ask for more than their lines, tax and shipping come to{money}; the difference is in no sales value"
-- hint = "it may be tax on top: export invoices.total_tax_amounts (or total_taxes) and shipping_cost"
select id, total - on_top - before_credit > 0.5 as bad, (total - on_top - before_credit) / unit as amount, currency
from step.totals
where status = 'paid' and live and total > 0
