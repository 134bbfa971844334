select coalesce(lower(email), 'customer ' || customer_id) as customer_id, min(date_registered) as first_seen
from source."wc_customer_lookup"
where ltrim(customer_id, '0.') <> ''
group by 1
