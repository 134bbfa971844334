-- One row an item of an order or a refund: of one that stands in two exports the last state counts.
with placed as (
    select *, row_number() over () as place
    from source."wc_order_product_lookup"
)
select * exclude (place)
from placed
qualify order_item_id is null or row_number() over (partition by order_item_id, order_id, product_id, variation_id order by place desc) = 1
