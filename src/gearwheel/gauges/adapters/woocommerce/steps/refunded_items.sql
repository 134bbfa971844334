-- The items that a refund names, each on the line of the same product; a second one on the second line of it.
with items as (
    select
        r.refund_of as order_id,
        r.placed_at as requested_at,
        r.order_id as refund_id,
        i.product_id,
        case when ltrim(i.variation_id, '0.') <> '' then i.variation_id end as variation_id,
        abs(i.product_net_revenue) as refund,
        row_number() over (
            partition by r.refund_of, i.product_id, i.variation_id
            order by r.placed_at, length(i.order_item_id), i.order_item_id
        ) as nth
    from step.stats as r
    inner join step.items as i on i.order_id = r.order_id
    where r.refund_of is not null
)
select i.order_id, l.line, i.refund_id, i.requested_at, i.refund
from items as i
inner join step.lines as l
    on l.order_id = i.order_id and l.product_id = i.product_id and l.variation_id is not distinct from i.variation_id
    and l.nth = least(i.nth, l.alike)
