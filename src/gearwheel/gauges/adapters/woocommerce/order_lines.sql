select
    order_id,
    line,
    coalesce(variation_id, product_id) as product_id,
    quantity,
    (revenue + coalesce(coupon, 0)) / nullif(quantity, 0) as price,
    coupon as discount,
    shipping as shipping_charged
from step.lines
