-- Every line of every order.
select order_id, line, place, product, quantity, amount, off, unit, shipping, customer, status, live, starts, ends, subscription
from step.sold
union all
select id, '1', 1, 'charge', 1, taken, 0, unit, 0, customer, 'paid', live, null, null, null
from step.paid
where of_invoice is null
