"""What companies call their metrics, and the gauge that it most likely is: for questions, never for a silent reading."""

from __future__ import annotations

import re

COMMON = {
    "sales_value": "revenue revenues sales net_sales gross_sales turnover gmv gross_merchandise_value sales_amount umsatz",
    "customers_active": "customers active_customers active_buyers buyers users active_users customer_count accounts clients kunden",
    "customers_joined": "new_customers customers_acquired acquisitions new_buyers signups sign_ups",
    "customers_lost": "churned_customers lost_customers churned cancellations",
    "orders": "order_count number_of_orders transactions purchases bestellungen",
    "basket": "aov average_order_value basket_size order_value average_basket ticket average_ticket",
    "orders_per_customer": "frequency order_frequency purchase_frequency orders_per_buyer",
    "visits": "sessions traffic page_views visitors",
    "sellers_active": "sellers active_sellers merchants vendors suppliers shops",
    "sellers_joined": "new_sellers new_merchants",
    "selection": "products skus listings offers items assortment catalogue catalog",
    "members": "subscribers subscriptions memberships prime_members",
    "fee_income": "subscription_revenue membership_fees membership_revenue",
    "take_rate": "commission_rate commission take",
    "third_party_share": "marketplace_share share_third_party",
    "cost_advertising": "advertising marketing marketing_spend ad_spend advertising_cost marketing_cost sales_and_marketing",
    "cost_overhead": "overhead fixed_costs general_and_administrative g_and_a admin",
    "cost_fulfilment": "fulfilment fulfillment fulfilment_cost fulfillment_cost handling_cost",
    "goods_cost_share": "cogs_share cost_of_goods_share cogs_ratio",
    "shipping_per_order": "shipping_cost_per_order delivery_cost_per_order",
    "days_delivered": "delivery_days delivery_time days_to_deliver",
    "price_index": "prices price_level",
}  # fmt: skip
_KNOWN = {word: gauge for gauge, words in COMMON.items() for word in words.split()}


def plain(name: str) -> str:
    """`Active Customers (#)` → `active_customers`."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"[(\[].*?[)\]]", "", name.lower())).strip("_")


def gauge_called(name: str) -> str:
    """The gauge that a metric of this name most likely is, by its own name or a common one; "" for no guess."""
    from gearwheel.gauges.catalogue import catalogue

    word = plain(name)
    return word if any(m.gauge == word for m in catalogue().values()) else _KNOWN.get(word, "")
