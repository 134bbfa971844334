-- code = "GW472"
-- severity = "warning"
-- table = "order_lines"
-- column = "price"
-- of = "invoices"
-- message = "{rows} were paid in all or in part from the balance of the customer or outside Stripe{money}; they count at their total"
-- hint = "what a balance was credited with counts as given back; a balance that was a present makes sales too high"
select id, amount_paid < total - 0.5 - coalesce(credited, 0) as bad, (total - coalesce(credited, 0) - amount_paid) / unit as amount, currency
from step.totals
where status = 'paid' and live and goods > 0
