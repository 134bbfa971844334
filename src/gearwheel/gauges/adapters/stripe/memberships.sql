-- A membership is a period of a subscription that was paid for: the period of an invoice's line of which something was
-- paid. What was paid when a plan was changed is for the rest of the period that was running.
select
    customer as customer_id,
    starts as starts_at,
    max(ends) as ends_at,
    sum((amount - off) / unit) as fee
from step.lines
where subscription is not null and status = 'paid' and live and ends > starts and amount - off > 0
group by customer, starts
