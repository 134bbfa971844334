-- Value of the goods that members and others ordered in each period.
select m.period, m.member, count(*) as orders, sum(f.value) as value, sum(f.value * f.value) as value_2
from base.member_orders m
join base.order_facts f on f.order_id = m.order_id
group by m.period, m.member
