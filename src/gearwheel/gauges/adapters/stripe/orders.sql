-- An order is a paid invoice by which something was sold, or a charge that paid no invoice and took money. An invoice
-- of nothing (a free trial, a coupon for all of it) is none, nor is one that is open or a draft.
select
    id as order_id,
    coalesce(customer, 'customer of ' || id) as customer_id,
    created as placed_at,
    case when status = 'paid' then 'paid' else 'cancelled' end as status,
    upper(currency) as currency,
    not live as is_test
from step.totals
where status in ('paid', 'void', 'uncollectible') and goods > 0
union all
select id, person, created, 'paid', upper(currency), not live
from step.paid
where of_invoice is null
