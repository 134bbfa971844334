-- An order is a paid invoice, or a charge that has none. Open and draft invoices are no orders yet.
select
    id as order_id,
    customer as customer_id,
    created as placed_at,
    case when status in ('void', 'uncollectible') then 'cancelled' else 'paid' end as status,
    upper(currency) as currency,
    not coalesce(try_cast(livemode as boolean), true) as is_test
from source."invoices"
where status in ('paid', 'void', 'uncollectible')
union all
select
    id as order_id,
    customer as customer_id,
    created as placed_at,
    'paid' as status,
    upper(currency) as currency,
    not coalesce(try_cast(livemode as boolean), true) as is_test
from source."charges"
where nullif(invoice, '') is null and status = 'succeeded'
