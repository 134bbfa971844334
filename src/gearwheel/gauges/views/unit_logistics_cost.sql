-- title = "Logistics cost per order"
-- gear = "fulfilment"
-- of = "fulfilment.logistics_cost_per_order"
-- as = "mean"
-- scale = "log"
-- unit = "money/order"
-- needs = ["order_lines.shipping_cost", "costs"]
-- definition = "money that carriers charged for the period's orders and costs of the kind fulfilment booked in it, over the orders for which a charge is known"
-- error = "of the carriers' charges: sd / sqrt(n), relative to the whole"
with handling as (
    select c.period, sum(k.amount) as amount
    from events.costs k
    join base.calendar c on c.day = k.day
    where lower(k.kind) = 'fulfilment'
    group by c.period
)
select
    p.period_start,
    p.period_end,
    (s.shipping_cost + coalesce(h.amount, 0)) / nullif(cast(s.shipped as double), 0) as value,
    sqrt(greatest(0, s.shipping_cost_2 - s.shipping_cost * s.shipping_cost / nullif(cast(s.shipped as double), 0)))
        / nullif(s.shipping_cost + coalesce(h.amount, 0), 0) as error,
    s.shipped as n
from base.periods p
join base.order_sums s on s.period = p.period
left join handling h on h.period = p.period
