-- A person may buy as a guest and with an account: the e-mail address is the same. Drafts never were orders; expired
-- and unconfirmed ones were not taken up. An order of nothing but gift cards is no order of goods.
select
    o.id as order_id,
    coalesce(lower(o.user_email), lower(u.email), 'user ' || o.user_id, 'order ' || o.id) as customer_id,
    o.created_at as placed_at,
    case when o.status in ('canceled', 'expired', 'unconfirmed') then 'cancelled' else o.status end as status,
    o.currency
from source."order_order" as o
left join source."account_user" as u on u.id = o.user_id
left join (
    select order_id, bool_and(is_gift_card) as is_cards from step.lines group by order_id
) as l on l.order_id = o.id
where coalesce(o.status, '') <> 'draft' and not coalesce(l.is_cards, false)
