-- The weekly gauges of `gearwheel.gauges.views` in one script, written by hand for DuckDB and these made events only: the
-- tables are whole, every week is, nobody sells without a price, no key is there twice. {window} is active_days. What is
-- heavy is a table of its own: as one statement it holds everything at once and runs out of memory first.
create temp table o as
select order_id, customer_id, date_diff('day', date '1900-01-01', placed_at::date)::int as d
from orders
where status <> 'cancelled' and not is_test;
create temp table w as
select
    unnest(range(min(d) // 7, max(d) // 7 + 1))::int as w,
    min(d) as a,
    max(d) + 1 as z,
    7 / 365.2425 as y
from o;
create temp table oc as
select d // 7 as w, count(*) as n from o group by 1;
create temp view l as
select
    o.order_id, o.d, o.d // 7 as w, product_id, seller_id, quantity as q, price * quantity - discount as v,
    shipping_charged as f, commission as k, unit_cost * quantity as g, shipping_cost as s, fulfilled_by as b
from order_lines
join o using (order_id);
create temp table f as
select
    order_id, min(w) as w, count(*) as c, sum(v) as v, sum(v) filter (seller_id is not null) as t,
    sum(k) filter (seller_id is not null) as k, sum(f) as f, sum(g) as g, sum(s) as s
from l
group by 1;
create temp table x as
select
    w, count(*) as n, sum(c) as c, sum(v) as v, sum(v * v) as vv, sum(t) as t, sum(t * t) as tt, sum(t * v) as tv,
    sum(k) as k, sum(k * k) as kk, sum(k * t) as kt, sum(f) as f, sum(f * f) as ff, sum(g) as g, sum(g * g) as gg,
    sum(g * v) as gv, sum(s) as s, sum(s * s) as ss
from f
group by 1;
-- who is there: the id, the week, first and last day in it
create temp table c as
select customer_id, d // 7 as w, min(d) as a, max(d) as b from o group by 1, 2;
create temp table p as
select product_id, w, sum(q) as q, sum(v) as v from l group by 1, 2;
create temp table s as
select seller_id, w, max(d) as b, max(e) as e, count(*) as n
from (
    select seller_id, order_id, min(w) as w, min(d) as d, max(d) filter (b = 'platform') as e
    from l
    where seller_id is not null
    group by 1, 2
)
group by 1, 2;
create temp table cs as
select
    w, a, b, lag(b) over i as b0, lead(w) over i as w1, lead(a) over i as a1, customer_id, (b + {window}) // 7 as gone
from c
window i as (partition by customer_id order by w);
create temp table md as
select customer_id, fee, date_diff('day', date '1900-01-01', starts_at::date) as a,
    date_diff('day', date '1900-01-01', ends_at::date) as z
from memberships;
create temp table m as
select *, case when z > n then n else coalesce(z, n) end as e
from (select *, lead(a) over (partition by customer_id order by a, coalesce(z, 9999999)) as n from md);
create temp table mo as
select o.order_id, o.d // 7 as w, bool_or(m.a is not null) as is_member
from o
left join m on m.customer_id = o.customer_id and m.a <= o.d and (m.e is null or m.e > o.d)
group by 1, 2;
create temp table ms as
select mo.w, is_member, count(*) as n, count(f.v) as n_v, sum(f.v) as v, sum(f.v * f.v) as vv
from mo
left join f using (order_id)
group by 1, 2;
-- deliveries, reviews, returns
create temp table dl as
select o.d // 7 as w, count(*) as n, avg(pd) as p, stddev_samp(pd) as ps, avg(dd) as d, stddev_samp(dd) as ds,
    count(*) filter (dd <= pd) as hits
from (
    select o.d, date_diff('day', date '1900-01-01', promised_at::date) - o.d as pd,
        date_diff('day', date '1900-01-01', delivered_at::date) - o.d as dd
    from deliveries
    join o using (order_id)
) o
group by 1;
create temp table rv as
select o.d // 7 as w, r.d // 7 as written, count(*) as n, count(*) filter (r.d <= o.d + 30) as soon, sum(score) as v,
    sum(score * score) as vv
from (select order_id, score, date_diff('day', date '1900-01-01', created_at::date)::int as d from reviews) r
join o using (order_id)
group by 1, 2;
create temp table rt as
select o.d // 7 as w, r.d // 7 as asked, count(*) as n, count(*) filter (r.d <= o.d + 30) as soon, sum(v) as v,
    sum(v * v) as vv
from (
    select order_id, date_diff('day', date '1900-01-01', requested_at::date)::int as d,
        refund - if(kept, 0, salvage) as v
    from returns
) r
join o using (order_id)
group by 1, 2;
with
h as (
    select seller_id, date_diff('day', date '1900-01-01', day)::int // 7 as w,
        max(date_diff('day', date '1900-01-01', day)::int) as b
    from hosting
    group by 1, 2
),
spells as (
    select 'customer' as who, w, b0, w1, gone from cs
    union all
    select 'seller', w, lag(b) over i, lead(w) over i, (b + {window}) // 7
    from s window i as (partition by seller_id order by w)
    union all
    select 'enrolled', w, lag(e) over i, lead(w) over i, (e + {window}) // 7
    from s where e is not null window i as (partition by seller_id order by w)
    union all
    select 'tenant', w, lag(b) over i, lead(w) over i, (b + {window}) // 7
    from h window i as (partition by seller_id order by w)
),
turns as (
    select who, w, count(*) filter (b0 is null) as new, count(*) filter (b0 < 7 * w - {window}) as back, 0 as lost
    from spells
    group by 1, 2
    union all
    select who, gone, 0, 0, count(*)
    from spells
    where w1 is null or w1 > gone
    group by 1, 2
),
fl as materialized (
    select who, w, sum(new) as new, sum(back) as back, sum(lost) as lost,
        sum(sum(new + back - lost)) over (partition by who order by w) as active
    from turns
    group by 1, 2
),
mw as (select customer_id, a // 7 as w, e // 7 as w1 from m where e is null or e // 7 > a // 7),
both_ as (
    select greatest(cs.w, mw.w) as w, least(cs.gone, cs.w1, mw.w1) as w1
    from cs
    join mw using (customer_id)
),
ml as materialized (
    select w.w, sum(coalesce(n, 0)) over (order by w.w) as members, sum(coalesce(b, 0)) over (order by w.w) as active
    from w
    left join (
        select w, sum(n) as n, sum(b) as b
        from (
            select w, 1 as n, 0 as b from mw
            union all select w1, -1, 0 from mw
            union all select w, 0, 1 from both_ where w1 is null or w1 > w
            union all select w1, 0, -1 from both_ where w1 > w
        )
        group by 1
    ) using (w)
),
mp as materialized (
    select ml.w, members, ml.active, fl.active - ml.active as others,
        (members + lag(members) over (order by ml.w)) / 2 as half,
        (others + lag(others) over (order by ml.w)) / 2 as half_others
    from ml
    join fl on fl.w = ml.w and fl.who = 'customer'
),
fees as (
    select w, sum(x) as v, max(n) as n
    from (
        select d // 7 as w, d, sum(sum(r)) over (order by d) as x, sum(sum(i)) over (order by d) as n
        from (
            select a as d, fee / greatest(coalesce(z, a) - a, 1) as r, 1 as i from md
            union all
            select greatest(coalesce(z, a), a + 1), -fee / greatest(coalesce(z, a) - a, 1), -1 from md
            union all
            select unnest(range(min(w) * 7, max(w) * 7 + 7)), 0, 0 from w
        )
        group by 1, 2
    )
    group by 1
),
-- offers
of_ as (
    select product_id, member_eligible::int as e, date_diff('day', date '1900-01-01', listed_at::date) // 7 as w,
        date_diff('day', date '1900-01-01', delisted_at::date) // 7 as w1
    from offers
),
oe as (select w, product_id, 1 as n, e from of_ union all select w1, product_id, -1, -e from of_ where w1 is not null),
op as (
    select w, count(*) filter (after > 0 and after = n) - count(*) filter (after = 0 and n < 0) as n
    from (
        select w, sum(n) as n, sum(sum(n)) over (partition by product_id order by w) as after
        from oe
        group by product_id, w
    )
    group by 1
),
ol as materialized (
    select w.w, sum(coalesce(n, 0)) over i as n, sum(coalesce(e, 0)) over i as e, sum(coalesce(products, 0)) over i as p
    from w
    left join (select w, sum(n) as n, sum(e) as e from oe group by 1) using (w)
    left join (select w, n as products from op) using (w)
    window i as (order by w.w)
),
rw as (
    select written as w, sum(n) as n, sum(v) / sum(n) as m,
        sqrt(greatest(sum(vv) - sum(v) * sum(v) / sum(n), 0) / (sum(n) - 1)) as sd
    from rv
    group by 1
),
first_ as (
    select w, count(*) as n, count(*) filter (b > a or a1 <= a + 90) as hits
    from cs
    where b0 is null
    group by 1
),
-- rarefied sellers
st as (select w, sum(n)::double as n from s group by 1),
sd as (select pow(10, floor(log10(avg(n) / 2) + 1e-9)) as k from st),
rare as (
    select w, min(t) as n,
        sum(c * (1 - if(t - n < k, 0, exp(lgamma(t - n + 1) + lgamma(t - k + 1) - lgamma(t - n - k + 1) - lgamma(t + 1)))))
            as v
    from (select s.w, s.n, st.n as t, k, count(*) as c from s join st using (w) cross join sd where st.n >= k group by all)
    group by 1
),
ck as (
    select date_diff('day', date '1900-01-01', day) // 7 as w, kind, sum(amount) as v, count(*) as n
    from costs
    group by 1, 2
),
gauges as (
    select 'orders' as gauge, w, n::double as value, 1 / sqrt(n) as error, n from oc
    union all select 'sales_value', w, v, sqrt(vv) / v, n from x
    union all select 'basket', w, v / n, sqrt(vv - v * v / n) / v, n from x
    union all
    select 'third_party_share', w, t / v, sqrt(tt - 2 * t / v * tv + t * t / v / v * vv) / (t * (1 - t / v)), n from x
    union all select 'take_rate', w, k / t, sqrt(kk - 2 * k / t * kt + k * k / t / t * tt) / k, n from x
    union all select 'freight_per_order', w, f / n, sqrt(ff - f * f / n) / f, n from x
    union all select 'shipping_per_order', w, s / n, sqrt(ss - s * s / n) / s, n from x
    union all
    select 'unit_logistics_cost', x.w, (s + ck.v) / x.n, sqrt(ss - s * s / x.n) / (s + ck.v), x.n
    from x join ck on ck.w = x.w and kind = 'fulfilment'
    union all select 'goods_cost_share', w, g / v, sqrt(gg - 2 * g / v * gv + g * g / v / v * vv) / (g * (1 - g / v)), n from x
    union all select 'customers_active', w, active, null, active from fl where who = 'customer'
    union all select 'customers_new', w, new, 1 / sqrt(new), new from fl where who = 'customer'
    union all select 'customers_returning', w, back, 1 / sqrt(back), back from fl where who = 'customer'
    union all select 'customers_joined', w, new + back, 1 / sqrt(new + back), new + back from fl where who = 'customer'
    union all select 'customers_lost', w, lost, 1 / sqrt(lost), lost from fl where who = 'customer'
    union all select 'sellers_active', w, active, null, active from fl where who = 'seller'
    union all select 'sellers_new', w, new, 1 / sqrt(new), new from fl where who = 'seller'
    union all select 'sellers_returning', w, back, 1 / sqrt(back), back from fl where who = 'seller'
    union all select 'sellers_joined', w, new + back, 1 / sqrt(new + back), new + back from fl where who = 'seller'
    union all select 'sellers_lost', w, lost, 1 / sqrt(lost), lost from fl where who = 'seller'
    union all select 'sellers_enrolled', w, active, null, active from fl where who = 'enrolled'
    union all select 'tenants', w, active, null, active from fl where who = 'tenant'
    union all
    select 'orders_repeat', w, oc.n - new - back, 1 / sqrt(oc.n - new - back), oc.n - new - back
    from oc join fl using (w) where who = 'customer'
    union all
    select 'orders_per_customer', w, oc.n / ((active + before) / 2 * 7 / 365.2425), 1 / sqrt(oc.n), oc.n
    from oc join (select w, active, lag(active) over (order by w) as before from fl where who = 'customer') using (w)
    union all select 'sellers_rarefied', w, v, null, n from rare
    union all select 'selection', w, n, null, n from ol
    union all select 'offers_eligible', w, e, null, e from ol
    union all select 'offers_per_product', w, n / p, null, n from ol
    union all select 'days_promised', w, p, ps / sqrt(n) / p, n from dl
    union all select 'days_delivered', w, d, ds / sqrt(n) / d, n from dl
    union all select 'on_time_share', w, hits / n, sqrt(n / (hits * (n - hits))), n from dl
    union all select 'review_score', w, m, sd / sqrt(n) / m, n from rw
    union all select 'satisfaction', w, m / (select sum(v) / sum(n) from rv), sd / sqrt(n) / m, n from rw
    union all
    select 'reviews_share', w, r.n / oc.n, sqrt(oc.n / (r.n * (oc.n - r.n))), oc.n
    from oc join (select w, sum(soon) as n from rv group by 1) r using (w)
    union all
    select 'return_rate', w, r.n / x.c, sqrt(x.c / (r.n * (x.c - r.n))), x.c
    from x join (select w, sum(soon) as n from rt group by 1) r using (w)
    union all select 'return_cost', asked, sum(v), sqrt(sum(vv)) / sum(v), sum(n) from rt group by 2
    union all select 'repeat_rate', w, hits / n, sqrt(n / (hits * (n - hits))), n from first_
    union all
    select 'contacts_per_order', w, k.n / oc.n, sqrt(1 / k.n + 1 / oc.n), k.n
    from oc join (
        select date_diff('day', date '1900-01-01', asked_at::date) // 7 as w, count(*) as n from contacts group by 1
    ) k using (w)
    union all select 'members', w, members, null, members from ml
    union all
    select 'member_share', w, ml.active / fl.active, null, fl.active from ml join fl using (w) where who = 'customer'
    union all select 'member_frequency', w, n / half / y, 1 / sqrt(n), n from ms join mp using (w) join w using (w) where is_member
    union all
    select 'nonmember_frequency', w, n / half_others / y, 1 / sqrt(n), n
    from ms join mp using (w) join w using (w) where not is_member
    union all select 'member_spend', w, v / half / y, sqrt(vv) / v, n_v from ms join mp using (w) join w using (w) where is_member
    union all
    select 'nonmember_spend', w, v / half_others / y, sqrt(vv) / v, n_v
    from ms join mp using (w) join w using (w) where not is_member
    union all select 'fee_income', w, v, null, n from fees
    union all
    select 'visits', date_diff('day', date '1900-01-01', day) // 7, sum(visits), 1 / sqrt(sum(visits)), sum(visits)
    from visits group by 2
    union all select 'cost_' || kind, w, v, null, n from ck
    union all
    select 'hosting_revenue', date_diff('day', date '1900-01-01', day) // 7, sum(revenue), null, count(*) from hosting group by 2
    union all
    select 'hosting_cost', date_diff('day', date '1900-01-01', day) // 7, sum(cost), null, count(*) from hosting group by 2
)
select gauge, (date '1900-01-01' + 7 * w::int)::date as start, value::double, error::double, n::bigint
from gauges
