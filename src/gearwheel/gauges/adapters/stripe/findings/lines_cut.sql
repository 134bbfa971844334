-- code = "GW470"
-- severity = "warning"
-- table = "order_lines"
-- column = "line"
-- of = "invoices"
-- message = "{rows} list fewer lines than their totals are made of{money}; the rest of each stands on one line without a product"
-- hint = "Stripe nests ten lines in an invoice; export all of them to see what was sold"
select id, goods - net > 0.5 and (more or cut > 0.5 or listed_lines = 0) as bad, (goods - net) / unit as amount, currency
from step.totals
where status = 'paid' and live and goods > 0
