-- A refund's items name what came back. One without items states an amount, which until 2025 held tax and shipping too: no
-- more than what the goods brought and was not given back yet is theirs. Where it uses that up every line that was left
-- came back, else it is put on the first line. A refund of shipping alone gives nothing back for goods. An order that is
-- called refunded and has no refund came back on its own day.
with goods as (
    select
        l.order_id,
        l.line,
        l.place,
        greatest(l.revenue - coalesce(sum(i.refund), 0), 0) as rest
    from step.lines as l
    left join step.refunded_items as i on i.order_id = l.order_id and i.line = l.line
    group by l.order_id, l.line, l.place, l.revenue
),
orders as (
    select g.order_id, o.placed_at, o.status = 'refunded' as is_refunded, sum(g.rest) as rest
    from goods as g
    inner join step.stats as o on o.order_id = g.order_id
    group by g.order_id, o.placed_at, o.status
),
amounts as (
    select
        r.refund_of as order_id,
        r.placed_at as requested_at,
        o.rest,
        o.is_refunded and r.net_total is null as is_unstated,
        abs(r.net_total) as amount,
        sum(abs(r.net_total)) over (
            partition by r.refund_of order by r.placed_at, r.order_id rows between unbounded preceding and current row
        ) as until
    from step.stats as r
    inner join orders as o on o.order_id = r.refund_of
    where
        r.order_id not in (select refund_id from step.refunded_items)
        and (r.net_total is null or abs(r.net_total) > 0)
),
given as (
    select
        order_id,
        requested_at,
        rest,
        case
            when is_unstated then rest
            when amount is not null then least(until, rest) - least(until - amount, rest)
        end as refund,
        is_unstated or (amount is not null and until >= rest - 0.005) as is_whole
    from amounts
    union all
    select order_id, placed_at, rest, rest, true
    from orders
    where is_refunded and order_id not in (select refund_of from step.stats where refund_of is not null)
)
select order_id, line, requested_at, refund
from step.refunded_items
union all
select
    a.order_id,
    g.line,
    a.requested_at,
    case when a.is_whole then a.refund * g.rest / a.rest else a.refund end as refund
from given as a
inner join goods as g on g.order_id = a.order_id
where (a.refund is null or a.refund > 0) and (case when a.is_whole then g.rest > 0 else g.place = 1 end)
