-- One row a reviewed order: its score, the period of the order and the period in which the review was written.
with one as (
    select
        order_id,
        avg(score) as score,
        min(date_diff('day', cast('1900-01-01' as date), cast(created_at as date))) as day_no
    from events.reviews
    group by order_id
)
select o.period, o.day_no, r.score, r.day_no as written_day, c.period as written_period
from one r
join base.orders o on o.order_id = r.order_id
left join base.calendar c on c.day_no = r.day_no
