-- Of a refund only its amount is known. Where all was refunded every line came back, for what was paid where the amount
-- is missing; else it is put on the first line.
with goods as (
    select l.*, case when l.kind_value > 0 then l.value / l.kind_value else 1.0 / l.kind_lines end as share
    from step.lines as l
    where l.kind = 'goods'
),
refunded as (
    select
        *,
        list_contains(statuses, 'refunded') as is_whole,
        coalesce(nullif(refund, 0), case when list_contains(statuses, 'refunded') then subtotal end) as given_back
    from step.heads
    where
        cancelled_at is null
        and not list_contains(statuses, 'voided')
        and (refund > 0 or list_has_any(statuses, ['refunded', 'partially_refunded']))
)
select
    g.order_id,
    g.line,
    r.placed_at as requested_at,
    case when r.is_whole then r.given_back * g.share else r.given_back end as refund
from goods as g
inner join refunded as r on r.order_key = g.order_key
where r.is_whole or g.place_in_kind = 1
