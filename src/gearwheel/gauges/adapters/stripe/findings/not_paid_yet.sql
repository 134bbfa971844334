-- code = "GW472"
-- severity = "note"
-- table = "orders"
-- column = "status"
-- of = "invoices"
-- message = "{rows} are open or drafts{money}: they are no orders until they are paid, whatever was paid in part"
-- hint = ""
select id, status not in ('paid', 'void', 'uncollectible') as bad, goods / unit as amount, currency
from step.totals
where live
