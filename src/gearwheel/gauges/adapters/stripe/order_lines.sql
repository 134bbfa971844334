select
    order_id,
    line,
    product as product_id,
    quantity,
    amount / quantity / unit as price,
    off / unit as discount,
    shipping / unit as shipping_charged
from step.lines
