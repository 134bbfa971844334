-- What the goods of each invoice were sold for, discounts and credits off, without tax that came on top and without
-- shipping. Its totals count, which hold whatever is said of its lines: a list may be cut off after ten lines, and a
-- discount may stand on the invoice alone.
with sums as (
    select
        invoice,
        count(*) as listed_lines,
        sum(amount) as listed,
        sum(amount - off) as net,
        sum(greatest(amount - off, 0)) as positive,
        case when min(starts) = max(starts) then min(starts) end as starts,
        case when min(ends) = max(ends) then min(ends) end as ends,
        case when min(subscription) = max(subscription) and count(subscription) = count(*) then min(subscription) end as of_lines
    from step.items
    group by invoice
),
lines as (
    select
        v.*,
        coalesce(s.listed_lines, 0) as listed_lines,
        coalesce(s.net, 0) as net,
        coalesce(s.positive, 0) as positive,
        s.starts,
        s.ends,
        s.of_lines,
        greatest(coalesce(v.subtotal - coalesce(s.listed, 0), 0), 0) as cut,  -- on lines that are not listed
        -- discounts that the invoice names and no line does
        greatest(coalesce(v.discount, 0) - (coalesce(s.listed, 0) - coalesce(s.net, 0)), 0) as off_whole
    from step.invoices as v
    left join sums as s on s.invoice = v.id
),
taxed as (
    select
        *,
        case
            when taxes_listed then tax_on_top
            -- a tax that is a number alone came on top where the total has room for it, else prices include it
            when tax > 0 and total - tax - shipping_total >= net + cut - off_whole - 0.5 then tax
            else 0
        end + shipping_total as on_top
    from lines
),
sold as (
    select
        *,
        case
            when total is null then net + cut - off_whole
            when more and (taxes_listed or tax is not null) then total - on_top
            when subtotal is null and (more or listed_lines = 0 or taxes_listed) then total - on_top
            else least(total - on_top, net + cut)
        end as before_credit
    from taxed
)
select
    *,
    case
        when credited > 0 and total > 0 then before_credit * greatest(1 - credited / total, 0) else before_credit
    end as goods,
    coalesce(amount_paid, total, before_credit) as paid
from sold
