-- The same by block: its sales, and the mean over its periods of the logarithm of the price, which no single large sale
-- draws to the price of its period.
select product_id, block, sum(value) as value, avg(ln(value / quantity)) as log_price
from base.price_periods
where quantity > 0 and value > 0
group by product_id, block
