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
    avg(x.days_delivered) as value,
    stddev_samp(x.days_delivered) / nullif(sqrt(count(x.days_delivered)) * avg(x.days_delivered), 0) as error,
    count(x.days_delivered) as n
from base.periods p
join base.deliveries x on x.period = p.period
group by p.period_start, p.period_end
having avg(x.settled) >= 0.95
