-- Money given back: refunds, charges that a bank took back after a lost dispute, credit notes that gave credit for
-- later, and invoices whose credits are more than what they ask for. `amount` is in the smallest unit.
with refunds as (
    select id, charge, payment_intent, created, amount, lower(cast(status as varchar)) as status, reason
    from source."refunds"
    union all
    select
        json_extract_string(one, '$.id'), id, null, to_timestamp(try_cast(json_extract(one, '$.created') as double)),
        try_cast(json_extract(one, '$.amount') as double), json_extract_string(one, '$.status'),
        json_extract_string(one, '$.reason')
    from (
        select
            id,
            unnest(
                try_cast(json_extract(try_cast(json_extract_string(to_json(refunds), '$') as json), '$.data') as json[])
            ) as one
        from source."charges"
    )
    where json_extract_string(one, '$.id') not in (select id from source."refunds" where id is not null)
),
numbers as (
    select
        r.id,
        coalesce(c.order_id, r.charge, r.payment_intent) as order_id,
        r.created,
        r.amount,
        r.reason,
        c.id as charge,
        c.amount - c.taken as released,
        c.amount_refunded
    from refunds as r
    left join step.paid as c on c.id = r.charge or (nullif(r.charge, '') is null and c.payment_intent = r.payment_intent)
    where coalesce(r.status, 'succeeded') in ('succeeded', 'pending')
        -- a hold that was let go is listed as refunded, too
        and not exists (select 1 from step.charges as h where h.id = r.charge and h.taken = 0)
    qualify row_number() over (partition by r.id order by r.created) = 1
),
refunded as (
    -- of a capture in part Stripe releases the rest as a refund, which nobody had paid
    select id, order_id, created, amount, reason
    from numbers
    qualify not (
        coalesce(released, 0) > 0 and amount = released
        and sum(amount) over (partition by charge) >= coalesce(amount_refunded, 0)
        and row_number() over (partition by charge, amount order by created, id) = 1
    )
),
credit as (
    select
        n.id,
        n.invoice as order_id,
        n.created,
        n.total - coalesce((
            select sum(r.amount) from refunded as r where r.id = n.refund
                or contains(cast(n.refunds as varchar), r.id)
        ), 0) as amount,
        coalesce(n.reason, 'credit note') as reason
    from source."credit_notes" as n
    where coalesce(lower(cast(n.status as varchar)), 'issued') = 'issued' and n.type = 'post_payment'
    qualify row_number() over (partition by n.id order by n.created) = 1
),
owed as (
    select v.id, o.id as order_id, v.created, -v.goods as amount, 'unused time' as reason
    from step.totals as v
    asof join (select * from step.totals where status = 'paid' and goods > 0) as o
        on o.customer = v.customer and o.currency = v.currency and v.moment >= o.moment
    where v.status = 'paid' and v.goods < 0
)
select id, order_id, created, amount, reason from refunded
union all
select d.id, coalesce(c.order_id, d.charge), d.created, d.amount, 'dispute: ' || d.reason
from source."disputes" as d
left join step.paid as c on c.id = d.charge
where lower(cast(d.status as varchar)) = 'lost'
qualify row_number() over (partition by d.id order by d.created) = 1
union all
select id, order_id, created, amount, reason from credit where amount > 0
union all
select id, order_id, created, amount, reason from owed
