-- Charges that name no invoice (Stripe's API has not told it since 2025-03-31) against paid invoices that no charge
-- names: of the same customer, currency and amount, made up to a day before the charge or, where it is not known when
-- they were paid, up to 62 days after: the two months over which Stripe tries a card again. Each pays for one; a charge takes
-- the latest that is still open, as a closing bracket does an opening one.
with sides as (
    select 1 as way, v.id, v.customer, v.currency, v.paid as amount, v.moment - 86400 as moment, v.paid_at
    from step.totals as v
    where v.status = 'paid' and v.paid > 0 and not v.out_of_band
        and not exists (select 1 from step.charges as c where c.invoice = v.id and c.taken > 0)
    union all
    select -1, id, customer, currency, taken, moment, null
    from step.charges
    where taken > 0 and invoice is null and customer is not null
),
heights as (
    select
        *,
        sum(way) over (
            partition by customer, currency, amount order by moment, way desc, id rows between unbounded preceding and current row
        ) - least(way, 0) as height
    from sides
),
pairs as (
    select
        way,
        id,
        moment,
        lag(way) over (partition by customer, currency, amount, height order by moment, way desc, id) as way_before,
        lag(id) over (partition by customer, currency, amount, height order by moment, way desc, id) as invoice,
        lag(moment) over (partition by customer, currency, amount, height order by moment, way desc, id) as made,
        lag(paid_at) over (partition by customer, currency, amount, height order by moment, way desc, id) as paid_at
    from heights
)
select id as charge, invoice
from pairs
where way = -1 and way_before = 1
    and case when paid_at is null then moment - made <= 63 * 86400 else moment <= paid_at + 86400 end
