-- A membership is a period of a subscription that was paid for: the period of an invoice's line of which something was
-- paid. What was paid when a plan was changed is for the rest of the period that was running. Where one of two plans
-- ends first the longer one goes on, in a row without a fee: the later row of a customer counts, whatever its end.
with periods as (
    select
        customer,
        starts,
        max(ends) as ends,
        sum((amount - off) / unit) as fee
    from step.lines
    where subscription is not null and status = 'paid' and live and ends > starts and amount - off > 0
    group by customer, starts
),
covered as (
    select
        *,
        max(ends) over (partition by customer order by starts rows between unbounded preceding and current row) as paid_until,
        lead(starts) over (partition by customer order by starts) as next_start
    from periods
)
select customer as customer_id, starts as starts_at, ends as ends_at, fee
from covered
union all
select customer, ends, paid_until, null
from covered
where paid_until > ends and coalesce(next_start > ends, true)
