-- title = "Cost of returns"
-- gear = "experience"
-- as = "sum"
-- scale = "log"
-- unit = "money"
-- needs = ["returns.refund"]
-- definition = "refunds less what the items were still worth, of the returns asked for in the period"
-- error = "compound Poisson: sqrt(sum of squared costs) / their sum"
select
    p.period_start,
    p.period_end,
    sum(r.cost) as value,
    sqrt(sum(r.cost * r.cost)) / nullif(sum(r.cost), 0) as error,
    count(*) as n
from base.periods p
join base.returns r on r.requested_period = p.period
group by p.period_start, p.period_end
