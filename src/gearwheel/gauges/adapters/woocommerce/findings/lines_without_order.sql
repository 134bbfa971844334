-- code = "GW475"
-- severity = "warning"
-- table = "order_lines"
-- column = "order_id"
-- of = "rows of wc_order_product_lookup"
-- message = "{rows} belong to no order of wc_order_stats and are left out{money}"
-- hint = "export both tables for the same time"
select
    l.order_id as id,
    o.order_id is null as bad,
    l.product_net_revenue as amount,
    null as currency
from source."wc_order_product_lookup" as l
left join source."wc_order_stats" as o on o.order_id = l.order_id
