select
    coalesce(nullif(lower(trim(email)), ''), 'customer ' || cast(customer_id as varchar)) as customer_id,
    min(try_cast(date_registered as timestamp)) as first_seen
from source."wc_customer_lookup"
group by 1
