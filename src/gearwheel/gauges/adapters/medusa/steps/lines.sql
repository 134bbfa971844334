-- An order keeps all its versions; items and discounts of the present one count. Before October 2025 discounts had no
-- version. An item's own price wins over that of its line.
with discounts as (
    select item_id, version, sum(amount) as amount
    from source."order_line_item_adjustment"
    where deleted_at is null
    group by item_id, version
),
items as (
    select
        o.id as order_id,
        o.version,
        upper(o.currency_code) as currency,
        i.item_id as line,
        coalesce(l.variant_id, l.product_id, l.title) as product_id,
        l.title,
        i.quantity,
        coalesce(i.unit_price, l.unit_price) as price,
        i.quantity * coalesce(i.unit_price, l.unit_price) as value,
        coalesce(l.is_giftcard, false) as is_gift_card
    from source."order" as o
    inner join source."order_item" as i on i.order_id = o.id and i.version = o.version and i.deleted_at is null
    left join source."order_line_item" as l on l.id = i.item_id
    where o.deleted_at is null and not coalesce(o.is_draft_order, false) and coalesce(o.status, '') <> 'draft' and i.quantity > 0
)
select
    i.*,
    coalesce(d.present, 0) as discount,
    coalesce(d.present, 0) = 0 and d.amount > 0 as was_discounted
from items as i
left join (
    select
        i.order_id,
        i.line,
        sum(d.amount) filter (coalesce(d.version, i.version) = i.version) as present,
        sum(d.amount) as amount
    from items as i
    inner join discounts as d on d.item_id = i.line
    group by i.order_id, i.line
) as d on d.order_id = i.order_id and d.line = i.line
