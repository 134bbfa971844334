-- code = "GW470"
-- severity = "warning"
-- table = "order_lines"
-- column = "discount"
-- of = "invoices"
-- message = "{rows} ask for less than their lines come to{money}, and no discount says why; the total counts, and the difference is taken off their lines"
-- hint = "export invoices.total_discount_amounts and total_tax_amounts (or total_taxes) to see what it is"
select id, net + cut - off_whole - before_credit > 0.5 as bad, (net + cut - off_whole - before_credit) / unit as amount, currency
from step.totals
where status = 'paid' and live and total > 0
