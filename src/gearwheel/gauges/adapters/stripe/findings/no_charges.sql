-- code = "GW472"
-- severity = "warning"
-- table = "orders"
-- column = "order_id"
-- of = "charges"
-- message = "the source holds no charges: sales that were paid without an invoice are in no gauge, and refunds belong to no order"
-- hint = "export charges"
select null as id, not exists (select 1 from source."charges") as bad, null as amount, null as currency
