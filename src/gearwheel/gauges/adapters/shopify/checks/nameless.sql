select coalesce("Lineitem name", "Lineitem sku", 'row ' || place) as example, order_name is null as wrong
from source."rows"
