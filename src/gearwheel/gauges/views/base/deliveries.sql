-- One row an order with a delivery: days from the order to the promise and to the door. Settled is an order that has
-- arrived or is overdue: promised before the end of the record or, where nothing was promised, {active_days} days old.
with dated as (
    select
        order_id,
        date_diff('day', cast('1900-01-01' as date), cast(promised_at as date)) as promised_day,
        date_diff('day', cast('1900-01-01' as date), cast(delivered_at as date)) as delivered_day
    from events.deliveries
),
record as (
    select max(delivered_day) as last_day from dated
)
select
    o.period,
    d.promised_day - o.day_no as days_promised,
    d.delivered_day - o.day_no as days_delivered,
    case
        when d.delivered_day is not null then 1
        when coalesce(d.promised_day, o.day_no + {active_days}) < r.last_day then 1
        else 0
    end as settled,
    case when d.delivered_day <= d.promised_day then 1 else 0 end as on_time
from dated d
join base.orders o on o.order_id = d.order_id
cross join record r
