-- The orders that count: neither cancelled nor a test, and within the record's ends where these are stated.
select o.order_id, o.customer_id, c.day_no, c.period
from events.orders o
join base.calendar c on c.day = cast(o.placed_at as date)
where coalesce(o.status, '') <> 'cancelled'
    and not coalesce(o.is_test, false)
    and cast(o.placed_at as date) >= cast('{since}' as date)
    and cast(o.placed_at as date) < cast('{until}' as date)
