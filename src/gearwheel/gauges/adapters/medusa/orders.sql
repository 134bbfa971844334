-- A guest gets a new customer for every address that is typed in, so the e-mail address is the person.
select
    id as order_id,
    coalesce(nullif(lower(trim(email)), ''), customer_id) as customer_id,
    created_at as placed_at,
    case when canceled_at is not null or status = 'canceled' then 'cancelled' else status end as status,
    upper(currency_code) as currency
from source."order"
where deleted_at is null and not coalesce(try_cast(is_draft_order as boolean), false) and status <> 'draft'
