create type order_status_enum as enum ('pending', 'completed', 'draft', 'archived', 'canceled', 'requires_action');
create table "order" (id text, display_id serial, customer_id text, version integer, status order_status_enum, is_draft_order boolean, email text, currency_code text, metadata jsonb, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, canceled_at timestamptz);
insert into "order" (id, customer_id, version, status, is_draft_order, email, currency_code, created_at, updated_at, canceled_at) values
  ('order_1', 'cus_1', 2, 'completed', false, 'Ada@example.com', 'eur', '2024-02-01 12:00:00+01', '2024-02-03', null),
  ('order_2', 'cus_2', 1, 'canceled', false, 'ada@example.com', 'eur', '2024-02-02 12:00:00+01', '2024-02-03', '2024-02-03'),
  ('order_3', 'cus_1', 1, 'draft', true, 'ada@example.com', 'eur', '2024-02-04 12:00:00+01', '2024-02-04', null);
create table order_item (id text, order_id text, version integer, item_id text, quantity numeric, raw_quantity jsonb, unit_price numeric, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz);
insert into order_item (id, order_id, version, item_id, quantity, unit_price) values
  ('i1', 'order_1', 1, 'line_1', 5, null), ('i2', 'order_1', 2, 'line_1', 2, null), ('i3', 'order_1', 2, 'line_2', 1, 9.5), ('i4', 'order_2', 1, 'line_3', 1, null);
create table order_line_item (id text, title text, variant_id text, product_id text, unit_price numeric, raw_unit_price jsonb);
insert into order_line_item values
  ('line_1', 'Shirt', 'variant_1', 'prod_1', 20.25, '{"value": "20.25"}'), ('line_2', 'Cap', null, 'prod_2', 10, null), ('line_3', 'Shirt', 'variant_1', 'prod_1', 20.25, null);
create table order_line_item_adjustment (id text, item_id text, amount numeric, deleted_at timestamptz);
insert into order_line_item_adjustment values ('a1', 'line_1', 3, null), ('a2', 'line_1', 99, '2024-02-02');
create table order_shipping (id text, order_id text, version integer, shipping_method_id text, deleted_at timestamptz);
insert into order_shipping values ('s1', 'order_1', 1, 'm1', null), ('s2', 'order_1', 2, 'm1', null);
create table order_shipping_method (id text, name text, amount numeric);
insert into order_shipping_method values ('m1', 'Standard', 5);
create table fulfillment (id text, shipped_at timestamptz, delivered_at timestamptz, canceled_at timestamptz, deleted_at timestamptz);
insert into fulfillment values ('ful_1', '2024-02-03', '2024-02-05 10:00:00+00', null, null), ('ful_2', '2024-02-03', '2024-02-06 10:00:00+00', null, null);
create table order_fulfillment (id text, order_id text, fulfillment_id text, deleted_at timestamptz);
insert into order_fulfillment values ('of1', 'order_1', 'ful_1', null), ('of2', 'order_1', 'ful_2', null);
create table "return" (id text, order_id text, status text, refund_amount numeric, created_at timestamptz, received_at timestamptz, canceled_at timestamptz, deleted_at timestamptz);
insert into "return" values ('ret_1', 'order_1', 'received', 19.00, '2024-02-10 00:00:00+00', '2024-02-14 00:00:00+00', null, null), ('ret_2', 'order_1', 'canceled', 19.00, '2024-02-11 00:00:00+00', null, '2024-02-12', null);
create table return_item (id text, return_id text, item_id text, quantity numeric, reason_id text, deleted_at timestamptz);
insert into return_item values ('ri1', 'ret_1', 'line_1', 1, 'rr1', null), ('ri2', 'ret_1', 'line_2', 1, null, null), ('ri3', 'ret_2', 'line_1', 1, null, null);
create table return_reason (id text, value text, label text);
insert into return_reason values ('rr1', 'size', 'Wrong size');
create table customer (id text, email text, created_at timestamptz);
insert into customer values ('cus_1', 'ada@example.com', '2024-01-15 08:00:00+00'), ('cus_2', 'Ada@example.com', '2024-01-10 08:00:00+00');
