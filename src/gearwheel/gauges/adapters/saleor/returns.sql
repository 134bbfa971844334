-- A return is a fulfilment whose status says so; one that was only refunded stayed with the customer. What was given back
-- is shared among its goods by their value; where no amount is kept it is what they cost.
with given as (
    select
        f.order_id,
        i.order_line_id as line,
        f.created_at,
        f.status,
        f.total_refund_amount as total,
        i.quantity * l.paid_price as value,
        sum(i.quantity * l.paid_price) over (partition by f.id) as fulfilment_value
    from source."order_fulfillment" as f
    inner join source."order_fulfillmentline" as i on i.fulfillment_id = f.id
    inner join step.lines as l on l.line = i.order_line_id
    where f.status in ('returned', 'refunded', 'refunded_and_returned', 'replaced') and not l.is_gift_card
)
select
    order_id,
    line,
    created_at as requested_at,
    case when status in ('returned', 'refunded_and_returned', 'replaced') then created_at end as returned_at,
    case
        when status in ('refunded', 'refunded_and_returned')
            then coalesce(total * value / nullif(fulfilment_value, 0), value)
    end as refund,
    status = 'refunded' as kept
from given
