-- A seller has a sign-up date only where the marketing funnel knows the day on which the deal was won.
select s.seller_id, d.joined_at
from source."sellers" as s
left join (
    select seller_id, min(won_date) as joined_at from source."closed_deals" group by seller_id
) as d on d.seller_id = s.seller_id
