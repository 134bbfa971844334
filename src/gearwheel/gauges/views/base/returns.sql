-- One row a returned line of an order that counts: when it was asked back and what it cost. What the customer kept is
-- worth nothing to the shop.
with dated as (
    select
        order_id,
        date_diff('day', cast('1900-01-01' as date), cast(requested_at as date)) as requested_day,
        coalesce(refund, 0) - case when coalesce(kept, false) then 0 else coalesce(salvage, 0) end as cost
    from events.returns
)
select o.period, o.day_no, d.requested_day, c.period as requested_period, d.cost
from dated d
join base.orders o on o.order_id = d.order_id
left join base.calendar c on c.day_no = d.requested_day
