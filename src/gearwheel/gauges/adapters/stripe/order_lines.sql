-- Amounts are in the smallest unit of their currency, which is a hundredth except for those that have no smaller coin.
with items as (
    select
        v.id as order_id,
        lower(v.currency) as currency,
        unnest(cast(json_extract(v.lines, '$.data') as json[])) as item
    from source."invoices" as v
    where v.status in ('paid', 'void', 'uncollectible')
),
lines as (
    select
        order_id,
        currency,
        json_extract_string(item, '$.id') as line,
        coalesce(
            json_extract_string(item, '$.price.product'), json_extract_string(item, '$.plan.product'),
            json_extract_string(item, '$.pricing.price_details.product'), json_extract_string(item, '$.description')
        ) as product_id,
        coalesce(nullif(try_cast(json_extract_string(item, '$.quantity') as double), 0), 1) as quantity,
        try_cast(json_extract_string(item, '$.amount') as double) as amount
    from items
    union all
    select id, lower(currency), '1', 'charge', 1, try_cast(amount as double)
    from source."charges"
    where nullif(invoice, '') is null and status = 'succeeded'
)
select
    order_id,
    line,
    product_id,
    quantity,
    amount / quantity / case
        when currency in (
            'bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf', 'ugx', 'vnd', 'vuv', 'xaf', 'xof', 'xpf'
        ) then 1
        else 100
    end as price
from lines
