-- Every order that counts, and whether the customer was a member on its day.
select o.order_id, o.period, max(case when m.customer_id is null then 0 else 1 end) as member
from base.orders o
left join base.memberships m
    on m.customer_id = o.customer_id
    and m.start_day <= o.day_no
    and (m.end_day is null or m.end_day > o.day_no)
group by o.order_id, o.period
