-- title = "Member share"
-- gear = "membership"
-- of = "membership.member_share"
-- as = "end"
-- scale = "logit"
-- unit = "1"
-- needs = ["memberships", "orders.customer_id"]
-- definition = "share of the active customers (an order on one of the {active_days} days that end with the last day of the period) who are members at the end of the period; left out until the record is {active_days} days long"
-- error = "none"
select
    p.period_start,
    p.period_end,
    a.members / nullif(cast(f.active as double), 0) as value,
    cast(null as double) as error,
    f.active as n
from base.periods p
join base.customer_flows f on f.period = p.period
join base.active_members a on a.period = p.period
where p.level_known
