-- code = "GW475"
-- severity = "warning"
-- table = "orders"
-- column = "order_id"
-- of = "orders"
-- message = "{rows} have an Id that orders of other names have too; it is not used, and their name, time and person tell them apart"
-- hint = "a spreadsheet writes long numbers as 7.1E+12; export the file again and do not save it from there"
select order_id as id, has_common_id as bad, null as amount, currency
from step.heads
