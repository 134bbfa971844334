-- code = "GW475"
-- severity = "note"
-- table = "orders"
-- column = "order_id"
-- of = "orders and refunds"
-- message = "{rows} stand in the source more than once; the last state of each counts"
-- hint = "exports that overlap are no fault"
select order_id as id, count(*) > 1 as bad, null as amount, null as currency
from source."wc_order_stats"
group by order_id
