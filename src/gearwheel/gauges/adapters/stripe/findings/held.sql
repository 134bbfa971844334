-- code = "GW472"
-- severity = "note"
-- table = "orders"
-- column = "status"
-- of = "charges"
-- message = "{rows} were only authorized{money}: nothing was captured, and they are no orders"
-- hint = ""
select id, succeeded and taken = 0 as bad, amount / unit as amount, currency
from step.charges
where live
