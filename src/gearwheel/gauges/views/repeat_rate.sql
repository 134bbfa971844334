-- title = "Repeat rate"
-- gear = "experience"
-- as = "mean"
-- scale = "logit"
-- unit = "1"
-- needs = ["orders.customer_id"]
-- definition = "share of the customers with their first order in the period who order again on a later day within 90 days of it; a period counts once its 90 days are over"
-- error = "binomial, in logits"
with shares as (
    select s.period, count(*) as n, sum(case when c.next_day <= c.first_day + 90 then 1 else 0 end) as hits
    from base.customer_firsts c
    join base.period_states s on s.period = c.period
    where s.end_day + 90 <= s.last_order + 1
    group by s.period
)
select
    p.period_start,
    p.period_end,
    s.hits / nullif(cast(s.n as double), 0) as value,
    sqrt(s.n / nullif(cast(s.hits as double) * (s.n - s.hits), 0)) as error,
    s.n
from base.periods p
join shares s on s.period = p.period
