-- Which invoice a charge or a payment intent paid, as far as an id says so.
with named as (
    select
        invoice,
        try_cast(json_extract_string(to_json(payment), '$') as json) as payment
    from source."invoice_payments"
    where coalesce(lower(cast(status as varchar)), 'paid') = 'paid'
    union all
    select
        id,
        json_extract(one, '$.payment')
    from (
        select
            id,
            unnest(
                try_cast(json_extract(try_cast(json_extract_string(to_json(payments), '$') as json), '$.data') as json[])
            ) as one
        from source."invoices"
    )
    where coalesce(json_extract_string(one, '$.status'), 'paid') = 'paid'
),
ids as (
    select
        invoice,
        coalesce(
            json_extract_string(payment, '$.charge.id'), json_extract_string(payment, '$.charge'),
            json_extract_string(payment, '$.payment_intent.id'), json_extract_string(payment, '$.payment_intent')
        ) as payment
    from named
    union all
    select id, charge from source."invoices"
    union all
    select id, payment_intent from source."invoices"
)
select payment, min(invoice) as invoice
from ids
where nullif(payment, '') is not null and nullif(invoice, '') is not null
group by payment
