-- A membership is a period of a subscription that was paid for: the period of the invoice's line.
with items as (
    select
        v.customer,
        lower(v.currency) as currency,
        nullif(v.subscription, '') as subscription,
        unnest(cast(json_extract(v.lines, '$.data') as json[])) as item
    from source."invoices" as v
    where v.status = 'paid'
),
periods as (
    select
        customer,
        currency,
        try_cast(json_extract_string(item, '$.period.start') as bigint) as starts,
        try_cast(json_extract_string(item, '$.period.end') as bigint) as ends,
        try_cast(json_extract_string(item, '$.amount') as double) as amount
    from items
    where coalesce(
            json_extract_string(item, '$.subscription'),
            json_extract_string(item, '$.parent.subscription_item_details.subscription'), subscription
        ) is not null
        and coalesce(json_extract_string(item, '$.proration'), 'false') <> 'true'
)
select
    customer as customer_id,
    starts as starts_at,
    max(ends) as ends_at,
    sum(amount) / case
        when any_value(currency) in (
            'bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf', 'ugx', 'vnd', 'vuv', 'xaf', 'xof', 'xpf'
        ) then 1
        else 100
    end as fee
from periods
where ends > starts
group by customer, starts
