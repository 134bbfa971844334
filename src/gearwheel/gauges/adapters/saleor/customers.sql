select lower(email) as customer_id, min(date_joined) as first_seen
from source."account_user"
where email is not null
group by 1
