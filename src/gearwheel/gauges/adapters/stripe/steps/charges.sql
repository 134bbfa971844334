-- One row a charge, with what was really taken: nothing where the money was only held, a part where a part was captured.
-- `invoice` is the invoice that it paid, by id.
with told as (
    select
        c.id,
        nullif(c.customer, '') as customer,
        coalesce(
            nullif(c.customer, ''), nullif(lower(trim(c.receipt_email)), ''),
            nullif(lower(json_extract_string(
                try_cast(json_extract_string(to_json(c.billing_details), '$') as json), '$.email'
            )), ''),
            'guest ' || c.id
        ) as person,
        c.created,
        epoch(c.created) as moment,
        lower(c.currency) as currency,
        coalesce(c.livemode, true) as live,
        lower(cast(c.status as varchar)) = 'succeeded' and coalesce(c.paid, true) as succeeded,
        coalesce(c.captured, true) as captured,
        c.amount as amount,
        c.amount_captured as amount_captured,
        c.amount_refunded as amount_refunded,
        nullif(c.payment_intent, '') as payment_intent,
        coalesce(nullif(c.invoice, ''), p.invoice, q.invoice) as invoice
    from source."charges" as c
    left join step.payments as p on p.payment = c.id
    left join step.payments as q on q.payment = c.payment_intent
    -- the furthest state of a charge that stands in two exports
    qualify row_number() over (
        partition by c.id
        order by
            coalesce(lower(cast(c.status as varchar)) = 'succeeded', false) desc,
            coalesce(c.captured, true) desc,
            c.amount_refunded desc nulls last
    ) = 1
)
select
    *,
    case
        when currency in (
            'bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf', 'vnd', 'vuv', 'xaf', 'xof', 'xpf'
        ) then 1
        when currency in ('bhd', 'jod', 'kwd', 'omr', 'tnd') then 1000
        else 100
    end as unit,
    case when succeeded and captured then coalesce(amount_captured, amount) else 0 end as taken
from told
