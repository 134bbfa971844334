-- An order is at the door when its last parcel is.
select
    p.order_id,
    case when count(f.delivered_at) = count(*) then max(f.delivered_at) end as delivered_at
from source."order_fulfillment" as p
inner join source."fulfillment" as f on f.id = p.fulfillment_id
where p.deleted_at is null and f.deleted_at is null and f.canceled_at is null
group by p.order_id
