-- One row an order: the money in it.
select
    order_id,
    min(period) as period,
    count(*) as lines,
    sum(value) as value,
    sum(case when seller_id is not null then value else 0 end) as third_party,
    sum(case when seller_id is not null then coalesce(commission, 0) else 0 end) as commission,
    sum(coalesce(shipping_charged, 0)) as freight,
    sum(coalesce(shipping_cost, 0)) as shipping_cost,
    max(case when shipping_cost is not null then 1 else 0 end) as shipped,
    sum(coalesce(goods_cost, 0)) as goods_cost,
    sum(case when goods_cost is not null then value else 0 end) as costed_value
from base.lines
group by order_id
