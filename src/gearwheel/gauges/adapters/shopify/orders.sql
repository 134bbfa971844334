-- One row is a line item. What is said of the whole order stands on its first row only. The person is the e-mail
-- address, the telephone number where there is none, and the order itself where there is neither.
select
    "Name" as order_id,
    coalesce(
        max(nullif(lower(trim("Email")), '')),
        max(nullif(regexp_replace("Phone", '[^0-9+]', '', 'g'), '')),
        'order ' || "Name"
    ) as customer_id,
    min(nullif("Created at", '')) as placed_at,
    case
        when max(nullif("Cancelled at", '')) is not null or max(lower("Financial Status")) = 'voided' then 'cancelled'
        else max(lower(nullif("Financial Status", '')))
    end as status,
    max(upper(nullif("Currency", ''))) as currency,
    coalesce(bool_or(lower("Payment Method") like '%bogus%'), false) as is_test
from source."orders"
where nullif("Name", '') is not null
group by "Name"
