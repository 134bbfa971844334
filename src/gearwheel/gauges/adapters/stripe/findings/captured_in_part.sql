-- code = "GW472"
-- severity = "note"
-- table = "order_lines"
-- column = "price"
-- of = "charges"
-- message = "{rows} were captured only in part; what was not captured{money} is no sale"
-- hint = ""
select id, taken < amount as bad, (amount - taken) / unit as amount, currency
from step.paid
where live
