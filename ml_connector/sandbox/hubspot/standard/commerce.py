"""Standard properties of products, line items, invoices, payments and orders.

Which invoice amounts are read-only is not documented (reference: hubspot 5 and 15); the sandbox keeps what
HubSpot works out itself read-only and lets the figures a mirrored invoice is known to carry be written.
"""

from ml_connector.sandbox.hubspot.definitions import PropertyGroup, Table, same
from ml_connector.sandbox.hubspot.standard.common import Standard, address, street_address, system


def products() -> Standard:
    """Return the groups and definitions of products."""
    table = Table("productinformation")
    table.text("name", "Name")
    table.number("price", "Unit price")
    table.text("hs_sku", "SKU")
    table.text("hs_folder", "Folder")
    table.text("description", "Product description", field="textarea")
    table.number("hs_cost_of_goods_sold", "Unit cost")
    table.choice("recurringbillingfrequency", "Billing frequency", same("weekly monthly quarterly annually"))
    system(table)
    return [PropertyGroup("productinformation", "Product information", 0)], table.rows


def line_items() -> Standard:
    """Return the groups and definitions of line items (reference: hubspot 7)."""
    table = Table("lineiteminformation")
    table.text("name", "Name")
    table.text("description", "Description", field="textarea")
    table.text("hs_sku", "SKU")
    table.number("quantity", "Quantity")
    table.number("price", "Unit price")
    table.number("amount", "Net price", calculated=True)
    table.number("discount", "Unit discount")
    table.number("hs_discount_percentage", "Discount percentage")
    table.number("hs_total_discount", "Total discount", calculated=True)
    table.number("hs_pre_discount_amount", "Pre-discount amount", calculated=True)
    table.number("hs_margin", "Margin", calculated=True)
    table.number("hs_post_tax_amount", "Post-tax amount", calculated=True)
    table.number("hs_tax_amount", "Tax amount")
    table.text("hs_tax_rate_group_id", "Tax rate")
    table.text("hs_line_item_currency_code", "Currency")
    table.number("hs_product_id", "Product ID")
    table.number("hs_position_on_quote", "Position")
    table.number("hs_cost_of_goods_sold", "Unit cost")
    table.choice("recurringbillingfrequency", "Billing frequency", same("weekly monthly quarterly annually"))
    table.text("hs_recurring_billing_period", "Term")
    table.day("hs_recurring_billing_start_date", "Billing start date")
    system(table)
    return [PropertyGroup("lineiteminformation", "Line item information", 0)], table.rows


def invoices() -> Standard:
    """Return the groups and definitions of invoices (reference: hubspot 5)."""
    table = Table("invoiceinformation")
    table.text("hs_number", "Number")
    table.text("hs_title", "Title")
    table.text("hs_currency", "Currency")
    table.choice("hs_invoice_status", "Invoice status", same("draft open paid voided"))
    table.truth("hs_invoice_billable", "Billable")
    table.moment("hs_invoice_date", "Invoice date")
    table.moment("hs_due_date", "Due date")
    table.moment("hs_payment_date", "Payment date")
    table.moment("hs_external_createdate", "External create date")
    table.text("hs_purchase_order_number", "PO number")
    table.text("hs_comments", "Comments", field="textarea")
    table.text("hs_language", "Language")
    table.text("hs_locale", "Locale")
    table.text("hs_custom_fields", "Custom fields")
    table.text("hs_tax_id", "Tax ID")
    table.choice(
        "hs_allowed_payment_methods", "Payment methods", same("credit_or_debit_card ach sepa bacs"), many=True
    )
    table.choice("hs_invoice_payment_collection_method", "Payment collection", same("manual none"))
    table.truth("hs_allow_partial_payments", "Allow partial payments")
    table.choice(
        "hs_collect_address_types", "Collect addresses", same("billing_address shipping_address"), many=True
    )
    address(table, "hs_recipient_company_", "Recipient company ")
    address(table, "hs_recipient_shipping_", "Recipient shipping ")
    table.number("hs_amount_billed", "Amount billed")
    table.number("hs_amount_billed_in_company_currency", "Amount billed in company currency", calculated=True)
    table.number("hs_amount_paid", "Amount paid", calculated=True)
    table.number("hs_balance_due", "Balance due", calculated=True)
    table.number("hs_total_discount", "Total discount", calculated=True)
    table.text("hs_invoice_link", "Invoice link", read_only=True)
    table.text("hs_pdf_download_link", "PDF link", read_only=True)
    table.text("hs_invoice_source", "Invoice source", read_only=True)
    table.text("hs_invoice_latest_company_name", "Company name", read_only=True)
    system(table)
    return [PropertyGroup("invoiceinformation", "Invoice information", 0)], table.rows


def payments() -> Standard:
    """Return the groups and definitions of payments (reference: hubspot 6)."""
    table = Table("paymentinformation")
    table.number("hs_initial_amount", "Gross amount")
    table.moment("hs_initiated_date", "Payment date")
    table.text("hs_currency_code", "Currency")
    table.text("hs_customer_email", "Customer email")
    table.number("hs_fees_amount", "Fees")
    table.text("hs_internal_comment", "Internal comment", field="textarea")
    table.choice(
        "hs_latest_status",
        "Payment status",
        same(
            "processing succeeded failed partially_refunded refunded processing_refund disputed_action_required"
            " disputed_awaiting_decision disputed_won disputed_lost"
        ),
    )
    table.choice(
        "hs_payment_method_type",
        "Payment method type",
        same("card ach cash check wire_transfer other sepa bacs pads"),
    )
    table.choice("hs_processor_type", "Processor", same("hs_payments byo_stripe none quickbooks xero"))
    table.text("hs_reference_number", "Reference number")
    table.number("hs_refunds_amount", "Refunds")
    table.moment("hs_payout_date", "Payout date")
    street_address(table, "hs_billing_address", "Billing")
    street_address(table, "hs_shipping_address", "Shipping")
    table.text("hs_payment_id", "Payment ID", read_only=True)
    table.text("hs_payment_method", "Payment method", read_only=True)
    table.text("hs_payment_source_name", "Payment source", read_only=True)
    table.number("hs_net_amount_in_settlement_currency", "Net amount", read_only=True)
    table.number("hs_platform_fee", "Platform fee", read_only=True)
    table.text("hs_settlement_currency_code", "Settlement currency", read_only=True)
    system(table)
    return [PropertyGroup("paymentinformation", "Payment information", 0)], table.rows


def orders() -> Standard:
    """Return the groups and definitions of orders (reference: hubspot 6)."""
    table = Table("orderinformation")
    table.text("hs_order_name", "Name")
    table.text("hs_currency_code", "Currency")
    table.text("hs_source_store", "Source store")
    table.text("hs_fulfillment_status", "Fulfillment status")
    table.text("hs_shipping_status_url", "Shipping status URL")
    table.text("hs_shipping_tracking_number", "Tracking number")
    street_address(table, "hs_shipping_address", "Shipping")
    table.choice("hs_pipeline", "Pipeline", [("default", "Order pipeline")])
    table.choice("hs_pipeline_stage", "Status", same("open processed shipped delivered cancelled"))
    table.text("hs_external_order_id", "External order ID")
    table.text("hs_external_order_status", "External order status")
    table.moment("hs_processed_date", "Processed date")
    table.moment("hs_external_created_date", "External created date")
    table.number("hs_total_price", "Total price")
    table.number("hs_homecurrency_amount", "Amount in company currency", calculated=True)
    system(table)
    return [PropertyGroup("orderinformation", "Order information", 0)], table.rows
