-- code = "GW472"
-- severity = "warning"
-- table = "returns"
-- column = "refund"
-- of = "charges"
-- message = "{rows} were refunded{money} without a row of refunds that says when: these returns are not measured"
-- hint = "export refunds"
with given as (
    select order_id, sum(amount) as amount from step.given_back group by order_id
),
charged as (
    select *, coalesce(amount_refunded, 0) - (amount - taken) as back from step.paid where live
)
select c.id, c.back - coalesce(g.amount, 0) > 0.5 as bad, (c.back - coalesce(g.amount, 0)) / c.unit as amount, c.currency
from charged as c
left join given as g on g.order_id = c.order_id
