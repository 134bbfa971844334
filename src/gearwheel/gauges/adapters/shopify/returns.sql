-- Of a refund only its amount is known. Where all was refunded every line came back; else it is put on the first line.
with lines as (
    select
        "Name",
        row_number() over (partition by "Name" order by place) as line,
        value,
        sum(value) over (partition by "Name") as order_value,
        count(*) over (partition by "Name") as order_lines
    from (
        select
            "Name",
            row_number() over () as place,
            coalesce(try_cast("Lineitem quantity" as double), 1) * coalesce(try_cast("Lineitem price" as double), 0) as value
        from source."orders"
    )
),
orders as (
    select
        "Name",
        min(nullif("Created at", '')) as created,
        max(try_cast("Refunded Amount" as double)) as refund,
        coalesce(bool_or(lower("Financial Status") = 'refunded'), false) as whole,
        max(nullif("Cancelled at", '')) as cancelled
    from source."orders"
    group by "Name"
)
select
    l."Name" as order_id,
    l.line,
    o.created as requested_at,
    case
        when not o.whole then o.refund
        when l.order_value > 0 then o.refund * l.value / l.order_value
        else o.refund / l.order_lines
    end as refund
from lines as l
inner join orders as o on o."Name" = l."Name"
where o.refund > 0 and o.cancelled is null and (o.whole or l.line = 1)
