-- One row a seller, whether it has sold or not: the week of its sign-up since 2000-01-03, empty where unknown.
select date_diff('day', date '2000-01-03', date_trunc('week', joined_at)::date) // 7 as week
from events.sellers order by seller_id
