-- code = "GW475"
-- severity = "note"
-- table = "order_lines"
-- column = "discount"
-- of = "lines"
-- message = "{rows} had a discount in an older version of their order and have none in the present one; it counts as withdrawn"
-- hint = "compare one of these orders with the shop's own page"
select order_id || ' ' || line as id, was_discounted as bad, null as amount, currency
from step.lines
