-- title = "Days promised"
-- gear = "fulfilment"
-- as = "mean"
-- scale = "log"
-- unit = "day"
-- needs = ["deliveries.promised_at"]
-- definition = "calendar days from the order to the date that the customer was told, mean over the period's orders"
-- error = "sd / sqrt(n), relative to the mean"
select
    p.period_start,
    p.period_end,
    avg(x.days_promised) as value,
    stddev_samp(x.days_promised) / nullif(sqrt(count(x.days_promised)) * avg(x.days_promised), 0) as error,
    count(x.days_promised) as n
from base.periods p
join base.deliveries x on x.period = p.period
group by p.period_start, p.period_end
