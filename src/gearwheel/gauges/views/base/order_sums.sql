-- Sums over the orders of each period, with the squares and products that sampling errors need.
select
    period,
    count(*) as orders,
    sum(lines) as lines,
    sum(value) as value,
    sum(value * value) as value_2,
    sum(third_party) as third_party,
    sum(third_party * third_party) as third_party_2,
    sum(third_party * value) as third_party_value,
    sum(commission) as commission,
    sum(commission * commission) as commission_2,
    sum(commission * third_party) as commission_third_party,
    sum(freight) as freight,
    sum(freight * freight) as freight_2,
    sum(shipped) as shipped,
    sum(shipping_cost) as shipping_cost,
    sum(shipping_cost * shipping_cost) as shipping_cost_2,
    sum(goods_cost) as goods_cost,
    sum(goods_cost * goods_cost) as goods_cost_2,
    sum(costed_value) as costed_value,
    sum(costed_value * costed_value) as costed_value_2,
    sum(goods_cost * costed_value) as goods_cost_costed_value
from base.order_facts
group by period
