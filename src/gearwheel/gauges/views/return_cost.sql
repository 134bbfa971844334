-- title = "Cost of returns"
-- gear = "experience"
-- as = "sum"
-- scale = "log"
-- unit = "money"
-- needs = ["returns.refund"]
-- definition = "refunds less what the items were still worth, of the returns asked for in the period"
-- error = "compound Poisson: sqrt(sum of squared costs) / their sum"
with asked as (
    select requested_period as period, sum(cost) as cost, sum(cost * cost) as cost_2, count(*) as n
    from base.returns
    group by requested_period
)
select
    p.period_start,
    p.period_end,
    coalesce(a.cost, 0) as value,
    sqrt(a.cost_2) / nullif(a.cost, 0) as error,
    coalesce(a.n, 0) as n
from base.periods p
left join asked a on a.period = p.period
