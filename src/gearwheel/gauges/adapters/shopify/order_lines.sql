-- Subtotal is what was paid for the goods: what lies between it and the prices is the discount, whether it was given
-- on a line or on the order. It and the shipping are shared among the lines by their value.
with lines as (
    select
        *,
        row_number() over (partition by "Name" order by place) as line,
        quantity * price as value,
        sum(quantity * price) over (partition by "Name") as order_value,
        count(*) over (partition by "Name") as order_lines
    from (
        select
            "Name", "Lineitem sku", "Lineitem name",
            row_number() over () as place,
            coalesce(try_cast("Lineitem quantity" as double), 1) as quantity,
            try_cast("Lineitem price" as double) as price,
            coalesce(try_cast("Lineitem discount" as double), 0) as line_discount
        from source."orders"
        where nullif("Name", '') is not null
    )
),
orders as (
    select
        "Name",
        max(try_cast("Subtotal" as double)) as subtotal,
        max(try_cast("Shipping" as double)) as shipping
    from source."orders"
    group by "Name"
),
products as (
    select "Variant SKU" as sku, max(try_cast("Cost per item" as double)) as cost
    from source."products"
    where nullif("Variant SKU", '') is not null
    group by "Variant SKU"
)
select
    l."Name" as order_id,
    l.line,
    coalesce(nullif(l."Lineitem sku", ''), l."Lineitem name") as product_id,
    l.quantity,
    l.price,
    case
        when o.subtotal is null then l.line_discount
        when l.order_value > 0 then greatest(l.order_value - o.subtotal, 0) * l.value / l.order_value
        else 0
    end as discount,
    o.shipping * case when l.order_value > 0 then l.value / l.order_value else 1.0 / l.order_lines end as shipping_charged,
    p.cost as unit_cost
from lines as l
left join orders as o on o."Name" = l."Name"
left join products as p on p.sku = l."Lineitem sku"
