-- Which line a refund was for is not kept. Where all was given back every line came back, else the first one stands in
-- for it.
with orders as (
    select
        order_id,
        any_value(unit) as unit,
        sum(amount - off) as goods,
        arg_min(line, place) filter (amount > off) as first_line
    from step.lines
    group by order_id
),
known as (
    select
        b.id,
        b.order_id,
        b.created,
        b.amount,
        b.reason,
        o.first_line,
        o.goods,
        coalesce(o.unit, 100) as unit,
        sum(b.amount) over (partition by b.order_id) >= coalesce(t.total, o.goods) - 0.5 as whole
    from step.given_back as b
    left join orders as o on o.order_id = b.order_id
    left join step.totals as t on t.id = b.order_id
)
select
    k.order_id,
    coalesce(l.line, k.first_line, '1') as line,
    k.created as requested_at,
    k.amount / k.unit * case when l.line is null then 1 else (l.amount - l.off) / k.goods end as refund,
    k.reason
from known as k
left join step.lines as l on k.whole and l.order_id = k.order_id
