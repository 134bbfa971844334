-- What was sold of each product in each measured period at a price that can be right: more than a quarter of its usual
-- price and less than four times. Periods lie in blocks: days in weeks, weeks in four of them, a month is its own.
select
    l.product_id,
    l.period,
    case '{grain}'
        when 'day' then cast(floor(p.first_day / 7) as integer)
        when 'week' then cast(floor(p.first_day / 28) as integer)
        else p.period
    end as block,
    sum(l.value) as value,
    sum(l.quantity) as quantity
from base.lines l
join base.periods p on p.period = l.period
join base.product_usual u on u.product_id = l.product_id
where l.quantity > 0
    and l.value > 0
    and l.value < 4 * exp(u.log_price) * l.quantity
    and 4 * l.value > exp(u.log_price) * l.quantity
group by l.product_id, l.period, p.first_day, p.period
