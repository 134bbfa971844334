-- code = "GW475"
-- severity = "note"
-- table = "order_lines"
-- column = "product_id"
-- of = "lines"
-- message = "{rows} are gift cards{money}, which are no sale of goods, and are left out"
-- hint = "what a gift card pays for counts when it is used"
select product_name as id, is_gift_card as bad, value as amount, currency
from step.lines
