create schema stripe;
create type stripe.invoice_status as enum ('draft', 'open', 'paid', 'uncollectible', 'void');
create table stripe.customers (id text, email text, created integer);
insert into stripe.customers values ('cus_1', 'ada@example.com', 1704067200);
create table stripe.subscriptions (id text, customer text, status text, created integer, start_date integer, ended_at integer, items jsonb);
insert into stripe.subscriptions values ('sub_1', 'cus_1', 'active', 1704067200, 1704067200, null, '{}');
create table stripe.invoices (id text, customer text, subscription text, status stripe.invoice_status, created integer, currency text, livemode boolean, lines jsonb);
insert into stripe.invoices values
  ('in_1', 'cus_1', 'sub_1', 'paid', 1704067200, 'eur', true, '{"data": [{"id": "il_1", "amount": 990, "quantity": 1, "subscription": "sub_1", "proration": false, "price": {"product": "prod_plus"}, "period": {"start": 1704067200, "end": 1706745600}}]}'),
  ('in_2', 'cus_1', 'sub_1', 'paid', 1706745600, 'eur', true, '{"data": [{"id": "il_2", "amount": 990, "quantity": 1, "subscription": "sub_1", "proration": false, "price": {"product": "prod_plus"}, "period": {"start": 1706745600, "end": 1709251200}}, {"id": "il_3", "amount": 3000, "quantity": 2, "description": "Two mugs"}]}'),
  ('in_3', 'cus_1', 'sub_1', 'open', 1709251200, 'eur', true, '{"data": []}');
update stripe.invoices set subscription = null where id = 'in_2';
create table stripe.charges (id text, customer text, invoice text, amount integer, currency text, created integer, status text, paid boolean, livemode boolean);
insert into stripe.charges values
  ('ch_1', 'cus_1', 'in_1', 990, 'eur', 1704067200, 'succeeded', true, true),
  ('ch_2', 'cus_1', null, 1500, 'jpy', 1704153600, 'succeeded', true, false),
  ('ch_3', 'cus_1', null, 1500, 'jpy', 1704153700, 'failed', false, true);
create table stripe.refunds (id text, charge text, amount integer, currency text, created integer, status text, reason text);
insert into stripe.refunds values ('re_1', 'ch_1', 490, 'eur', 1704240000, 'succeeded', 'requested_by_customer');
