-- title = "On time"
-- gear = "fulfilment"
-- as = "mean"
-- scale = "logit"
-- unit = "1"
-- needs = ["deliveries.promised_at", "deliveries.delivered_at"]
-- definition = "share of the period's orders with a promise that arrived on the promised day or before; a period counts once 95 % of its orders have arrived or are overdue"
-- error = "binomial, in logits"
with shares as (
    select period, cast(count(*) as double) as n, cast(sum(on_time) as double) as hits
    from base.deliveries
    where days_promised is not null
    group by period
    having avg(settled) >= 0.95
)
select
    p.period_start,
    p.period_end,
    s.hits / nullif(s.n, 0) as value,
    sqrt(s.n / nullif(s.hits * (s.n - s.hits), 0)) as error,
    cast(floor(s.n) as bigint) as n
from base.periods p
join shares s on s.period = p.period
