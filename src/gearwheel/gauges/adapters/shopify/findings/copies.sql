-- code = "GW475"
-- severity = "note"
-- table = "orders"
-- column = "order_id"
-- of = "orders"
-- message = "{rows} stand in the source more than once; the last copy of each counts"
-- hint = "exports that overlap are no fault"
select order_id as id, is_copied as bad, null as amount, currency
from step.heads
