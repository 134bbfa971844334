-- Orders of members and of others in each period.
select period, member, count(*) as orders
from base.member_orders
group by period, member
