-- One row of the export is a line item. What is said of the whole order stands on its first row (its head), in some
-- exports on every row. Some leave the name, too, blank on further rows: these belong to the row above.
-- Names are unique within one shop at most: the Id tells orders apart and, where there is none, time and person do.
-- An order that stands in two exports is one: a later copy of a line replaces the earlier one. A spreadsheet writes long
-- numbers as 7.1E+12: an Id that orders of different names have is none, and such a telephone number neither.
with placed as (
    select *, row_number() over () as place
    from source."orders"
),
named as (
    select
        *,
        last_value("Name" ignore nulls) over (order by place rows between unbounded preceding and current row) as order_name,
        coalesce("Id", "Financial Status", cast("Total" as varchar), cast("Subtotal" as varchar)) is not null as is_head,
        lower("Email") as email,
        case when not regexp_matches("Phone", '[eE][+]') then nullif(regexp_replace("Phone", '[^0-9+]', '', 'g'), '') end as phone_number,
        concat_ws(' | ', "Financial Status", "Total", "Subtotal", "Refunded Amount", "Cancelled at") as said
    from placed
    where coalesce("Name", "Lineitem name", "Lineitem sku", cast("Lineitem price" as varchar)) is not null
),
identified as (
    select
        * replace (
            case
                when min(order_name) over (partition by "Id") = max(order_name) over (partition by "Id") then "Id"
            end as "Id"
        ),
        "Id" as stated_id,
        coalesce(email, phone_number) as person
    from named
),
headed as (
    select
        *,
        case
            when is_head then coalesce(
                "Id",
                max("Id") over (partition by order_name, "Created at", person),
                concat_ws(' ', order_name, strftime(timezone('UTC', "Created at"), '%Y-%m-%d %H:%M:%S'), person)
            )
        end as head_key
    from identified
),
keyed as (
    select
        *,
        coalesce(
            last_value(head_key ignore nulls) over (
                partition by order_name order by place rows between unbounded preceding and current row
            ),
            max(head_key) over (partition by order_name),
            order_name
        ) as order_key
    from headed
),
compared as (
    select
        *,
        lag(place) over (partition by order_key order by place) as place_before,
        last_value(case when is_head then said end ignore nulls) over (
            partition by order_key order by place rows between unbounded preceding and 1 preceding
        ) as said_before,
        row_number() over (
            partition by order_key, said, "Lineitem name", "Lineitem sku", "Lineitem quantity", "Lineitem price"
            order by place
        ) > 1 as stood_before
    from keyed
),
copied as (
    select
        *,
        sum(
            case
                when not is_head or said_before is null then 0
                when said <> said_before or (stood_before and place > place_before + 1) then 1
                else 0
            end
        ) over (partition by order_key order by place rows between unbounded preceding and current row) as copy
    from compared
),
numbered as (
    select *, row_number() over (partition by order_key, copy order by place) as line
    from copied
)
select *, copy = max(copy) over (partition by order_key, line) as is_last
from numbered
