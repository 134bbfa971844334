-- The usual price of a product, as a logarithm: the median over the periods in which it was sold.
with priced as (
    select
        product_id,
        ln(value / quantity) as log_price,
        row_number() over (partition by product_id order by value / quantity, period) as place,
        count(*) over (partition by product_id) as periods
    from base.product_periods
    where quantity > 0 and value > 0
)
select product_id, avg(log_price) as log_price
from priced
where 2 * place >= periods and 2 * place <= periods + 2
group by product_id
