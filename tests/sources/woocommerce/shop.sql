create table wp_wc_order_stats (order_id integer, parent_id integer, date_created text, date_created_gmt text, num_items_sold integer, total_sales real, tax_total real, shipping_total real, net_total real, returning_customer integer, status text, customer_id integer);
insert into wp_wc_order_stats values
  (10, 0, '2024-01-01 23:30:00', '2024-01-01 22:30:00', 3, 60, 0, 6, 54, 0, 'wc-completed', 1),
  (11, 0, '2024-01-05 12:00:00', '0000-00-00 00:00:00', 1, 20, 0, 0, 20, 1, 'wc-cancelled', 1),
  (12, 10, '2024-01-09 12:00:00', '2024-01-09 11:00:00', -1, -18, 0, 0, -18, 0, 'wc-completed', 1),
  (13, 0, '2024-01-10 12:00:00', '2024-01-10 11:00:00', 1, 30, 0, 0, 30, 0, 'wc-processing', 2),
  (14, 0, '2024-01-11 12:00:00', '2024-01-11 11:00:00', 1, 30, 0, 0, 30, 0, 'wc-checkout-draft', 2);
create table wp_wc_order_product_lookup (order_item_id integer, order_id integer, product_id integer, variation_id integer, customer_id integer, date_created text, product_qty integer, product_net_revenue real, product_gross_revenue real, coupon_amount real, tax_amount real, shipping_amount real, shipping_tax_amount real);
insert into wp_wc_order_product_lookup values
  (100, 10, 7, 0, 1, '2024-01-01 23:30:00', 2, 36, 40, 4, 0, 4, 0),
  (101, 10, 8, 81, 1, '2024-01-01 23:30:00', 1, 18, 20, 0, 0, 2, 0),
  (102, 11, 7, 0, 1, '2024-01-05 12:00:00', 1, 20, 20, 0, 0, 0, 0),
  (103, 12, 8, 81, 1, '2024-01-09 12:00:00', -1, -18, -18, 0, 0, 0, 0),
  (104, 13, 7, 0, 2, '2024-01-10 12:00:00', 1, 30, 30, 0, 0, 0, 0);
create table wp_wc_customer_lookup (customer_id integer, user_id integer, username text, first_name text, last_name text, email text, date_last_active text, date_registered text, country text);
insert into wp_wc_customer_lookup values
  (1, 5, 'ada', 'Ada', 'L', 'Ada@example.com', '2024-01-09', '2023-12-24 08:00:00', 'DE'),
  (2, null, '', 'Bo', 'K', '', '2024-01-10', null, 'DE');
