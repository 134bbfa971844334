select order_id as example, shares_name as wrong
from source."heads"
