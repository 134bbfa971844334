select coalesce(lower(email), id) as customer_id, min(created_at) as first_seen
from source."customer"
group by 1
