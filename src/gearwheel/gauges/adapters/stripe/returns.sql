-- Money given back belongs to the invoice that the charge paid, or to the charge itself. Which line it was for is not
-- kept: the first one stands in for it.
select
    coalesce(v.id, c.id) as order_id,
    case when v.id is null then '1' else json_extract_string(v.lines, '$.data[0].id') end as line,
    r.created as requested_at,
    try_cast(r.amount as double) / case
        when lower(r.currency) in (
            'bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf', 'ugx', 'vnd', 'vuv', 'xaf', 'xof', 'xpf'
        ) then 1
        else 100
    end as refund,
    r.reason
from source."refunds" as r
inner join source."charges" as c on c.id = r.charge
left join source."invoices" as v on v.id = c.invoice
where coalesce(r.status, 'succeeded') in ('succeeded', 'pending')
