-- A refund is stated for the whole return: it is shared among its items by their number of pieces.
select
    r.order_id,
    i.item_id as line,
    r.created_at as requested_at,
    r.received_at as returned_at,
    r.refund_amount * i.quantity / nullif(sum(i.quantity) over (partition by r.id), 0) as refund,
    coalesce(w.label, w.value) as reason
from source."return" as r
inner join source."return_item" as i on i.return_id = r.id and i.deleted_at is null
left join source."return_reason" as w on w.id = i.reason_id
where r.deleted_at is null and r.canceled_at is null and r.status <> 'canceled'
