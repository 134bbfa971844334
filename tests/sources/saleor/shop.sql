create table account_user (id serial primary key, email varchar(254), date_joined timestamptz);
insert into account_user (email, date_joined) values ('ada@example.com', '2023-11-01 10:00:00+00');
create table order_order (id uuid primary key, number integer, created_at timestamptz, updated_at timestamptz, status varchar(32), user_id integer, user_email varchar(254), currency varchar(3), shipping_price_gross_amount numeric(20, 3), metadata jsonb);
insert into order_order values
  ('00000000-0000-0000-0000-000000000001', 1, '2024-05-01 10:00:00+02', '2024-05-02', 'fulfilled', 1, 'Ada@example.com', 'PLN', 10, '{}'),
  ('00000000-0000-0000-0000-000000000002', 2, '2024-05-03 10:00:00+02', '2024-05-03', 'canceled', null, 'bo@example.com', 'PLN', 0, '{}'),
  ('00000000-0000-0000-0000-000000000003', 3, '2024-05-04 10:00:00+02', '2024-05-04', 'draft', null, '', 'PLN', 0, '{}');
create table order_orderline (id uuid primary key, created_at timestamptz, order_id uuid, variant_id integer, product_name varchar(386), product_sku varchar(255), product_variant_id varchar(255), quantity integer, unit_price_gross_amount numeric(20, 3), undiscounted_unit_price_gross_amount numeric(20, 3));
insert into order_orderline values
  ('10000000-0000-0000-0000-000000000001', '2024-05-01', '00000000-0000-0000-0000-000000000001', 4, 'Tea', 'TEA-1', 'UHJvZHVjdFZhcmlhbnQ6NA==', 2, 15, 20),
  ('10000000-0000-0000-0000-000000000002', '2024-05-01', '00000000-0000-0000-0000-000000000001', 5, 'Cup', null, 'UHJvZHVjdFZhcmlhbnQ6NQ==', 1, 10, 10),
  ('10000000-0000-0000-0000-000000000003', '2024-05-03', '00000000-0000-0000-0000-000000000002', null, 'Pot', null, null, 1, 90, 90);
create table order_fulfillment (id serial primary key, fulfillment_order integer, order_id uuid, status varchar(32), created_at timestamptz);
insert into order_fulfillment (fulfillment_order, order_id, status, created_at) values
  (1, '00000000-0000-0000-0000-000000000001', 'fulfilled', '2024-05-02 08:00:00+00'),
  (2, '00000000-0000-0000-0000-000000000001', 'refunded_and_returned', '2024-05-09 08:00:00+00');
create table order_fulfillmentline (id serial primary key, order_line_id uuid, fulfillment_id integer, quantity integer);
insert into order_fulfillmentline (order_line_id, fulfillment_id, quantity) values
  ('10000000-0000-0000-0000-000000000001', 1, 2), ('10000000-0000-0000-0000-000000000001', 2, 1);
