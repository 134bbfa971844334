-- What was charged for the shipping of an order's present version: the methods less their discounts.
with discounts as (
    select shipping_method_id, version, sum(amount) as amount
    from source."order_shipping_method_adjustment"
    where deleted_at is null
    group by shipping_method_id, version
),
methods as (
    select o.id as order_id, o.version, s.shipping_method_id, m.amount
    from source."order" as o
    inner join source."order_shipping" as s on s.order_id = o.id and s.version = o.version and s.deleted_at is null
    inner join source."order_shipping_method" as m on m.id = s.shipping_method_id
),
charged as (
    select
        m.order_id,
        m.amount - coalesce((
            select sum(d.amount)
            from discounts as d
            where d.shipping_method_id = m.shipping_method_id and coalesce(d.version, m.version) = m.version
        ), 0) as amount
    from methods as m
)
select order_id, sum(greatest(amount, 0)) as amount
from charged
group by order_id
