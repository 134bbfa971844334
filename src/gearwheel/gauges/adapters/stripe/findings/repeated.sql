-- code = "GW472"
-- severity = "note"
-- table = "orders"
-- column = "order_id"
-- of = "invoices and charges"
-- message = "{rows} stand in the source more than once, as where exports overlap; each counts once, in its furthest state"
-- hint = ""
select id, count(*) > 1 as bad, null as amount, null as currency from source."invoices" group by id
union all
select id, count(*) > 1, null, null from source."charges" group by id
