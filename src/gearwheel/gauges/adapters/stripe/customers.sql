select id as customer_id, created as first_seen from source."customers"
