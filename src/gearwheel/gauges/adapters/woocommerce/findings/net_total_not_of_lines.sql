-- code = "GW473"
-- severity = "warning"
-- table = "order_lines"
-- column = "price"
-- of = "orders"
-- message = "{rows} have a net_total that is not what their lines brought{money}"
-- hint = "fees and their opposite are no sale of goods; where there are none, rows of wc_order_product_lookup are missing or stand twice"
select
    o.order_id || ' (lines ' || printf('%.2f', coalesce(l.revenue, 0)) || ', net_total ' || printf('%.2f', o.net_total) || ')' as id,
    abs(coalesce(l.revenue, 0) - o.net_total) > greatest(0.05, 0.001 * o.net_total) as bad,
    abs(coalesce(l.revenue, 0) - o.net_total) as amount,
    null as currency
from step.stats as o
left join (select order_id, sum(revenue) as revenue from step.lines group by order_id) as l on l.order_id = o.order_id
where o.refund_of is null and o.net_total is not null and coalesce(o.status, '') not in ('cancelled', 'failed', 'pending')
