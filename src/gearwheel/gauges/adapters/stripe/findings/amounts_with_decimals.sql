-- code = "GW470"
-- severity = "error"
-- table = "order_lines"
-- column = "price"
-- of = "invoices and charges"
-- message = "{rows} carry amounts with decimals; amounts of Stripe are whole numbers of the smallest unit, so they are read as too small"
-- hint = "export the amounts as the API gives them, or map the tables yourself"
select id, subtotal <> floor(subtotal) or total <> floor(total) or amount_paid <> floor(amount_paid) as bad, null as amount, currency
from step.invoices
union all
select id, amount <> floor(amount) or amount_captured <> floor(amount_captured), null, currency
from step.charges
