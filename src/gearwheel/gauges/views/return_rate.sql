-- title = "Return rate"
-- gear = "experience"
-- as = "mean"
-- scale = "logit"
-- unit = "1"
-- needs = ["returns"]
-- definition = "share of the period's order lines that were asked back within 30 days of the order; a period counts once its 30 days are over"
-- error = "binomial, in logits"
with asked as (
    select period, sum(case when requested_day <= day_no + 30 then 1 else 0 end) as hits
    from base.returns
    group by period
),
shares as (
    select s.period, l.lines as n, coalesce(a.hits, 0) as hits
    from base.period_states s
    join base.order_sums l on l.period = s.period
    left join asked a on a.period = s.period
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
