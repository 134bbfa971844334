-- code = "GW473"
-- severity = "warning"
-- table = "order_lines"
-- column = "price"
-- of = "orders"
-- message = "{rows} have a total that their lines, discounts, shipping and taxes do not come to{money}"
-- hint = "an order may have been edited, or rows of it are missing; compare one with the shop's own page"
-- # what came back and what was cancelled is no longer in the total
with stated as (
    select
        s.order_id,
        try_cast(json_extract_string(try_cast(s.totals as json), '$.current_order_total') as double) as total
    from source."order_summary" as s
    inner join source."order" as o on o.id = s.order_id and coalesce(s.version, o.version) = o.version
    where s.deleted_at is null and o.canceled_at is null and coalesce(o.status, '') <> 'canceled'
        and s.order_id not in (select order_id from source."return" where order_id is not null)
),
rates as (
    select item_id, sum(rate) / 100 as rate
    from source."order_line_item_tax_line"
    where deleted_at is null
    group by item_id
),
summed as (
    select
        l.order_id,
        any_value(l.currency) as currency,
        sum(l.value - l.discount) as goods,
        sum(l.discount) as discount,
        max(coalesce(r.rate, 0)) as rate
    from step.lines as l
    left join rates as r on r.item_id = l.line
    group by l.order_id
),
credits as (
    select order_id, sum(amount) as amount from source."order_credit_line" where deleted_at is null group by order_id
),
compared as (
    select
        g.order_id,
        g.currency,
        t.total,
        g.goods + coalesce(s.amount, 0) - coalesce(c.amount, 0) as lines,
        greatest(0.05, 0.001 * t.total) as near,
        g.discount * g.rate as tax_of_discount,
        (g.goods + coalesce(s.amount, 0)) * g.rate as tax
    from summed as g
    inner join stated as t on t.order_id = g.order_id
    left join step.shipping as s on s.order_id = g.order_id
    left join credits as c on c.order_id = g.order_id
    where t.total is not null
)
select
    order_id || ' (lines and shipping ' || printf('%.2f', lines) || ', total ' || printf('%.2f', total) || ')' as id,
    total < lines - tax_of_discount - near or total > lines + tax + near as bad,
    abs(total - lines) as amount,
    currency
from compared
