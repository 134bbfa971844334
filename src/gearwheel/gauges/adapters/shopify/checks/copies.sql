select order_id as example, is_copied as wrong
from source."heads"
