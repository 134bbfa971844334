-- One row is one piece. price is what the buyer paid for it.
select
    order_id,
    order_item_id as line,
    product_id,
    seller_id,
    1 as quantity,
    price,
    freight_value as shipping_charged
from source."order_items"
