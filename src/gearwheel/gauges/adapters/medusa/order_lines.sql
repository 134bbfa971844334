-- An order keeps all its versions; the items and the shipping of the present one count. An item's own price wins over
-- that of its line. Shipping is shared among the lines by their value.
with lines as (
    select
        o.id as order_id,
        l.id as line,
        coalesce(l.variant_id, l.product_id, l.title) as product_id,
        try_cast(i.quantity as double) as quantity,
        coalesce(try_cast(i.unit_price as double), try_cast(l.unit_price as double)) as price,
        o.version
    from source."order" as o
    inner join source."order_item" as i on i.order_id = o.id and i.version = o.version and i.deleted_at is null
    inner join source."order_line_item" as l on l.id = i.item_id
    where o.deleted_at is null
),
discounts as (
    select item_id, sum(try_cast(amount as double)) as amount
    from source."order_line_item_adjustment"
    where deleted_at is null
    group by item_id
),
shipping as (
    select s.order_id, s.version, sum(try_cast(m.amount as double)) as amount
    from source."order_shipping" as s
    inner join source."order_shipping_method" as m on m.id = s.shipping_method_id
    where s.deleted_at is null
    group by s.order_id, s.version
)
select
    l.order_id,
    l.line,
    l.product_id,
    l.quantity,
    l.price,
    coalesce(d.amount, 0) as discount,
    s.amount * coalesce(
        l.quantity * l.price / nullif(sum(l.quantity * l.price) over (partition by l.order_id), 0),
        1.0 / count(*) over (partition by l.order_id)
    ) as shipping_charged
from lines as l
left join discounts as d on d.item_id = l.line
left join shipping as s on s.order_id = l.order_id and s.version = l.version
where l.quantity > 0
