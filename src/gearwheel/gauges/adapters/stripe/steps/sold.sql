-- The lines of invoices by which something was sold; `off` is in money off the whole line. What is credited on an
-- invoice (unused time of a plan that was changed, a discount on the whole) is taken off its other lines in proportion
-- to what they cost. What its lines leave open of its total stands on one more line, of their period where it is one.
with orders as (
    select *, greatest(goods - net, 0) as rest, positive + greatest(goods - net, 0) as positive_all
    from step.totals
    where status in ('paid', 'void', 'uncollectible') and goods > 0
),
lines as (
    select invoice, place, id, product, quantity, amount, off, starts, ends, subscription
    from step.items
    where amount - off >= 0
    union all
    select id, 1000000, 'rest', 'lines that are not listed', 1, rest, 0, starts, ends, of_lines
    from orders
    where rest > 0.5
)
select
    l.invoice as order_id,
    -- older versions gave the lines of one subscription one id
    case
        when count(*) over (partition by l.invoice, l.id) > 1 then l.id || ' ' || cast(l.place as varchar)
        else l.id
    end as line,
    l.place,
    l.product,
    l.quantity,
    l.amount,
    l.off + (l.amount - l.off) / o.positive_all * (o.positive_all - o.goods) as off,
    o.unit,
    case
        when l.place = min(l.place) over (partition by l.invoice) then o.shipping_charged else 0
    end as shipping,
    o.customer,
    o.status,
    o.live,
    l.starts,
    l.ends,
    l.subscription
from lines as l
inner join orders as o on o.id = l.invoice
