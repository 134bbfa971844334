-- title = "Contacts per order"
-- gear = "experience"
-- as = "mean"
-- scale = "log"
-- unit = "1"
-- needs = ["contacts"]
-- definition = "contacts with the service desk in the period over the orders placed in it"
-- error = "Poisson: sqrt(1 / contacts + 1 / orders)"
with counted as (
    select c.period, cast(count(*) as double) as contacts
    from events.contacts k
    join base.calendar c on c.day = cast(k.asked_at as date)
    group by c.period
)
select
    p.period_start,
    p.period_end,
    coalesce(k.contacts, 0) / nullif(s.orders, 0) as value,
    sqrt(1 / nullif(k.contacts, 0) + 1 / nullif(cast(s.orders as double), 0)) as error,
    s.orders as n
from base.periods p
join base.period_states s on s.period = p.period
left join counted k on k.period = p.period
