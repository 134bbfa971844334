-- Membership fees by day, each spread evenly over the days that it pays for.
with record as (
    select min(day_no) as first_day from base.calendar
),
spread as (
    select
        m.start_day,
        case when m.paid_until > m.start_day then m.paid_until else m.start_day + 1 end as end_day,
        m.fee
    from base.memberships m
    where m.fee is not null
),
changes as (
    select greatest(s.start_day, r.first_day) as day_no, s.fee / nullif(s.end_day - s.start_day, 0) as fees, 1 as memberships
    from spread s
    cross join record r
    where s.end_day > r.first_day
    union all
    select s.end_day, -s.fee / nullif(s.end_day - s.start_day, 0), -1
    from spread s
    cross join record r
    where s.end_day > r.first_day
),
summed as (
    select day_no, sum(fees) as fees, sum(memberships) as memberships
    from changes
    group by day_no
)
select
    c.period,
    c.day_no,
    sum(coalesce(x.fees, 0)) over (order by c.day_no rows between unbounded preceding and current row) as fees,
    sum(coalesce(x.memberships, 0)) over (order by c.day_no rows between unbounded preceding and current row) as memberships
from base.calendar c
left join summed x on x.day_no = c.day_no
