-- code = "GW475"
-- severity = "error"
-- table = "order_lines"
-- column = "order_id"
-- of = "rows"
-- message = "{rows} name no order, stand below none and are left out{money}"
-- hint = "the export may have been cut or sorted; export it again"
select
    coalesce("Lineitem name", "Lineitem sku", 'row ' || place) as id,
    order_name is null as bad,
    "Lineitem quantity" * "Lineitem price" as amount,
    null as currency
from step.rows
