-- Shipping is shared among the goods by their value. A gift card is money on account and no sale of goods.
select
    l.order_id,
    l.line,
    l.product_id,
    l.quantity,
    l.price,
    l.discount,
    s.amount * coalesce(
        l.value / nullif(sum(l.value) over (partition by l.order_id), 0),
        1.0 / count(*) over (partition by l.order_id)
    ) as shipping_charged
from step.lines as l
left join step.shipping as s on s.order_id = l.order_id
where not l.is_gift_card
