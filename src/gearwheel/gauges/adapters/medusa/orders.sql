-- A guest gets a new customer for every address that is typed in, so the e-mail address is the person. An order of nothing
-- but gift cards is no order of goods.
select
    o.id as order_id,
    coalesce(lower(o.email), o.customer_id, 'order ' || o.id) as customer_id,
    o.created_at as placed_at,
    case when o.canceled_at is not null or o.status = 'canceled' then 'cancelled' else o.status end as status,
    upper(o.currency_code) as currency
from source."order" as o
left join (
    select order_id, bool_and(is_gift_card) as is_cards from step.lines group by order_id
) as l on l.order_id = o.id
where o.deleted_at is null and not coalesce(o.is_draft_order, false) and coalesce(o.status, '') <> 'draft' and not coalesce(l.is_cards, false)
