-- A return is a fulfilment whose status says so; one that was only refunded stayed with the customer.
select
    f.order_id,
    i.order_line_id as line,
    f.created_at as requested_at,
    case when f.status in ('returned', 'refunded_and_returned', 'replaced') then f.created_at end as returned_at,
    case
        when f.status in ('refunded', 'refunded_and_returned')
            then try_cast(i.quantity as double) * try_cast(l.unit_price_gross_amount as double)
    end as refund,
    f.status = 'refunded' as kept
from source."order_fulfillment" as f
inner join source."order_fulfillmentline" as i on i.fulfillment_id = f.id
inner join source."order_orderline" as l on l.id = i.order_line_id
where f.status in ('returned', 'refunded', 'refunded_and_returned', 'replaced')
