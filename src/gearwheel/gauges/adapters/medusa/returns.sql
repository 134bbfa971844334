-- A refund that is stated for a return is shared among its items by their number of pieces. What the order's transactions
-- gave back beyond that is shared by value among the items of returns that state none; where nothing came back at all the
-- customer kept the first line.
with items as (
    select
        r.order_id,
        i.item_id as line,
        r.created_at as requested_at,
        r.received_at as returned_at,
        r.refund_amount * i.quantity / nullif(sum(i.quantity) over (partition by r.id), 0) as stated,
        case when r.refund_amount is null then i.quantity * l.unit_price end as value,
        coalesce(w.label, w.value) as reason
    from source."return" as r
    inner join source."return_item" as i on i.return_id = r.id and i.deleted_at is null
    left join source."order_line_item" as l on l.id = i.item_id
    left join source."return_reason" as w on w.id = i.reason_id
    where r.deleted_at is null and r.canceled_at is null and coalesce(r.status, '') <> 'canceled'
),
given as (
    select order_id, min(created_at) as created_at, -sum(amount) as amount
    from source."order_transaction"
    where deleted_at is null and reference = 'refund' and amount < 0
    group by order_id
),
shared as (
    select
        i.*,
        greatest(g.amount - coalesce(sum(i.stated) over (partition by i.order_id), 0), 0)
        * i.value / nullif(sum(i.value) over (partition by i.order_id), 0) as rest
    from items as i
    left join given as g on g.order_id = i.order_id
)
select order_id, line, requested_at, returned_at, coalesce(stated, rest) as refund, reason, false as kept
from shared
union all
select g.order_id, min(l.line), g.created_at, null, g.amount, null, true
from given as g
inner join step.lines as l on l.order_id = g.order_id
where g.order_id not in (select order_id from items)
group by g.order_id, g.created_at, g.amount
