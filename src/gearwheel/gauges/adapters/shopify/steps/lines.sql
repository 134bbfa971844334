-- One row a line that was bought. A gift card is money on account: it is no sale of goods, what it pays for is. Shopify
-- never taxes one. A tip is no sale of goods either. What was taken off an order again has no pieces left.
with bought as (
    select
        r.order_key,
        h.order_id,
        r.line,
        lower(r."Lineitem name") as called,
        r."Lineitem name" as title,
        r."Lineitem sku" as sku,
        coalesce(r."Lineitem quantity", 1) as quantity,
        r."Lineitem price" as price,
        coalesce(r."Lineitem discount", 0) as line_discount,
        coalesce(r."Lineitem taxable", false) as is_taxed
    from step.rows as r
    inner join step.heads as h on h.order_key = r.order_key
    where r.is_last and coalesce(r."Lineitem quantity", 1) <> 0
),
told as (
    select
        *,
        quantity * price as value,
        case
            when
                not is_taxed
                and not regexp_matches(called, '[+&]|\b(with|and|incl|including|plus|for|mit|und|inkl|für|avec|et|con|met|en)\b')
                and regexp_matches(
                    called,
                    '^([\w''’.$€£¥]+ ){0,3}((e-?)?gift[ -]?(card|certificate|voucher)s?|geschenk-?(gutschein|karte)|gutschein(karte)?'
                    || '|carte[ -]cadeau|bon[ -]cadeau|bon d[''’]achat|ch[eè]que[ -]cadeau|tarjeta( de)? regalo|buono regalo|carta regalo'
                    || '|cart[aã]o[ -](de )?presente|vale[ -]presente|cadeau(bon|kaart)|presentkort|gavekort|lahjakortti)'
                    || '\s*($|[-–—:|/(,]|[0-9€$£¥])'
                ) then 'gift card'
            when
                sku is null
                and called in ('tip', 'tips', 'trinkgeld', 'gratuity', 'pourboire', 'propina', 'mancia', 'fooi', 'gorjeta')
                then 'tip'
            else 'goods'
        end as kind
    from bought
)
select
    *,
    sum(value) over (partition by order_key, kind) as kind_value,
    count(*) over (partition by order_key, kind) as kind_lines,
    sum(case when kind = 'gift card' then value else 0 end) over (partition by order_key) as cards_value,
    row_number() over (partition by order_key, kind order by line) as place_in_kind
from told
