-- title = "Share of orders reviewed"
-- gear = "experience"
-- as = "mean"
-- scale = "logit"
-- unit = "1"
-- needs = ["reviews"]
-- definition = "share of the period's orders that were reviewed within 30 days; a period counts once its 30 days are over"
-- error = "binomial, in logits"
with written as (
    select period, sum(case when written_day <= day_no + 30 then 1 else 0 end) as hits
    from base.reviews
    group by period
),
shares as (
    select s.period, s.orders as n, coalesce(w.hits, 0) as hits
    from base.period_states s
    left join written w on w.period = s.period
    where s.end_day + 30 <= s.last_order + 1
)
select
    p.period_start,
    p.period_end,
    s.hits / nullif(cast(s.n as double), 0) as value,
    sqrt(s.n / nullif(cast(s.hits as double) * (s.n - s.hits), 0)) as error,
    s.n
from base.periods p
join shares s on s.period = p.period
