-- code = "GW475"
-- severity = "note"
-- table = "orders"
-- column = "order_id"
-- of = "orders"
-- message = "{rows} share their name with another order; Id, time and person tell them apart"
-- hint = "two shops in one folder may number their orders alike; measure them apart if they are two businesses"
select order_id as id, shares_name as bad, null as amount, currency
from step.heads
