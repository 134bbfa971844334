-- A person may buy as a guest and with an account: the e-mail address is the same. Drafts never were orders; expired
-- and unconfirmed ones were not taken up.
select
    o.id as order_id,
    coalesce(nullif(lower(trim(o.user_email)), ''), lower(u.email), 'user ' || cast(o.user_id as varchar)) as customer_id,
    o.created_at as placed_at,
    case when o.status in ('canceled', 'expired', 'unconfirmed') then 'cancelled' else o.status end as status,
    o.currency
from source."order_order" as o
left join source."account_user" as u on cast(u.id as varchar) = cast(o.user_id as varchar)
where o.status <> 'draft'
