-- One row an order: what is said of the whole of it, the last copy of it first. An order keeps its name for an id as long
-- as no other order has it. The person is the e-mail address, the telephone number where there is none.
with gathered as (
    select
        order_key,
        any_value(order_name) as order_name,
        max("Id") as id,
        max("Id") is null and max(stated_id) is not null as has_common_id,
        max(email) as email,
        max(phone_number) as phone,
        min("Created at") as placed_at,
        max("Cancelled at") as cancelled_at,
        list(distinct lower("Financial Status")) as statuses,
        arg_max(lower("Financial Status"), place) as status,
        arg_max(upper("Currency"), place) as currency,
        arg_max("Subtotal", place) as subtotal,
        arg_max("Shipping", place) as shipping,
        arg_max("Taxes", place) as taxes,
        arg_max("Total", place) as total,
        arg_max("Discount Amount", place) as discount,
        max("Refunded Amount") as refund,
        coalesce(bool_or(lower("Payment Method") like '%bogus%'), false) as is_test,
        max(copy) > 0 as is_copied
    from step.rows
    where order_name is not null
    group by order_key
)
select
    *,
    case
        when count(*) over (partition by order_name) = 1 then order_name
        when id is null then order_key
        else order_name || ' ' || id
    end as order_id,
    count(*) over (partition by order_name) > 1 as shares_name
from gathered
