-- One row an invoice line as it is listed: `off` are the discounts that the line names.
with listed as (
    select
        id as invoice,
        subscription,
        unnest(items) as item,
        generate_subscripts(items, 1) as place
    from step.invoices
)
select
    invoice,
    place,
    coalesce(json_extract_string(item, '$.id'), 'line') as id,
    coalesce(
        json_extract_string(item, '$.price.product.id'), json_extract_string(item, '$.price.product'),
        json_extract_string(item, '$.plan.product.id'), json_extract_string(item, '$.plan.product'),
        json_extract_string(item, '$.pricing.price_details.product'), json_extract_string(item, '$.description'),
        'unnamed'
    ) as product,
    coalesce(nullif(try_cast(json_extract_string(item, '$.quantity') as double), 0), 1) as quantity,
    try_cast(json_extract_string(item, '$.amount') as double) as amount,
    coalesce(list_sum(try_cast(json_extract(item, '$.discount_amounts[*].amount') as double[])), 0) as off,
    try_cast(json_extract_string(item, '$.period.start') as bigint) as starts,
    try_cast(json_extract_string(item, '$.period.end') as bigint) as ends,
    coalesce(
        json_extract_string(item, '$.subscription'),
        json_extract_string(item, '$.parent.subscription_item_details.subscription'),
        json_extract_string(item, '$.parent.invoice_item_details.subscription'),
        -- a line of an older version may leave it to its invoice; an item that was added by hand is no subscription
        case
            when json_extract_string(item, '$.type') = 'invoiceitem'
                or json_extract_string(item, '$.parent.type') = 'invoice_item_details' then null
            else subscription
        end
    ) as subscription
from listed
