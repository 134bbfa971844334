-- code = "GW475"
-- severity = "note"
-- table = "order_lines"
-- column = "product_id"
-- of = "lines"
-- message = "{rows} are gift cards or tips{money}, which are no sale of goods, and are left out"
-- hint = "what a gift card pays for counts when it is used"
select l.title as id, l.kind <> 'goods' as bad, l.value as amount, h.currency
from step.lines as l
inner join step.heads as h on h.order_key = l.order_key
