-- title = "Days to the door"
-- gear = "fulfilment"
-- of = "fulfilment.delivery_days"
-- as = "mean"
-- scale = "log"
-- unit = "day"
-- needs = ["deliveries.delivered_at"]
-- definition = "calendar days from order to door, mean over the period's orders that have arrived; a period counts once 95 % of its orders have arrived or are overdue"
-- error = "sd / sqrt(n), relative to the mean"
select
    p.period_start,
    p.period_end,
    avg(d.days_delivered) as value,
    stddev_samp(d.days_delivered) / sqrt(nullif(count(d.days_delivered), 0)) / nullif(avg(d.days_delivered), 0) as error,
    count(d.days_delivered) as n
from base.periods p
join base.deliveries d on d.period = p.period
group by p.period_start, p.period_end
having avg(d.settled) >= 0.95
