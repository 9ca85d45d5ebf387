"""Codes of everything that can be found or refused; what is said of each stands in a catalogue such as `en`."""

from enum import StrEnum


class Code(StrEnum):
    """A finding or a refusal. Its sentence, with the names of its figures in braces, stands in the catalogue."""

    # Fates of rows
    PURCHASE = "purchase"
    SAME_DAY = "same-day"
    REJECTED_LINE = "rejected-line"
    SUM_OF_ALL = "sum-of-all"
    NO_CUSTOMER = "no-customer"
    PLACEHOLDER_ID = "placeholder-id"
    NO_DATE = "no-date"
    BAD_DATE = "bad-date"
    FAR_DATE = "far-date"
    FUTURE_DATE = "future-date"
    NO_AMOUNT = "no-amount"
    BAD_AMOUNT = "bad-amount"
    REFUND = "refund"
    ZERO_AMOUNT = "zero-amount"
    DUPLICATE = "duplicate"
    UNDONE_BY_REFUND = "undone-by-refund"
    LONE_REFUND = "lone-refund"
    REFUND_BEYOND = "refund-beyond"

    LEFT_OUT = "left-out"
    NO_DEBTOR = "no-debtor"
    NO_REVENUE = "no-revenue"
    FURTHER_ITEM = "further-item"
    TOTAL_REPEATED = "total-repeated"

    # What was seen of rows that stay
    FUTURE_KEPT = "future-kept"
    ZERO_KEPT = "zero-kept"
    DUPLICATE_KEPT = "duplicate-kept"
    TOTAL_WORD_KEPT = "total-word-kept"
    REFUND_NETTED = "refund-netted"
    REFUND_NETTED_EARLIER = "refund-netted-earlier"
    DOMINANT_ROW = "dominant-row"

    # What the dates asked for do to purchases
    OBSERVED = "observed"
    HELD_OUT = "held-out"
    NEW_LATER = "new-later"
    AFTER_OBSERVATION = "after-observation"
    AFTER_HOLDOUT = "after-holdout"
    SILENT_END = "silent-end"
    REFUNDS_ACROSS_ORIGIN = "refunds-across-origin"
    CUSTOMER_ROW = "customer-row"

    # Lines of files

    # Amounts
    DECIMAL_UNCLEAR = "decimal-unclear"
    DECIMAL_UNKNOWN = "decimal-unknown"

    # Dates
    DAY_MONTH_UNCLEAR = "day-month-unclear"
    DATE_FORMAT_BAD = "date-format-bad"

    # Money: currencies, signs, tax, orders
    CURRENCIES_MIXED = "currencies-mixed"
    CURRENCIES_MIXED_SIGNS = "currencies-mixed-signs"
    CURRENCY_OTHER = "currency-other"
    CURRENCY_COLUMN_UNCLEAR = "currency-column-unclear"
    CONVERTED = "converted"
    RATE_BAD = "rate-bad"
    RATE_TWICE = "rate-twice"
    RATE_MISSING = "rate-missing"
    RATES_FILE = "rates-file"
    RATES_NO_CURRENCY = "rates-no-currency"
    MARK_TAKEN = "mark-taken"
    MARK_NOTHING = "mark-nothing"
    REFUND_OFF = "refund-off"
    REFUNDS_ASIDE = "refunds-aside"
    STATUS_SEEN = "status-seen"
    CREDIT_NOTES_SEEN = "credit-notes-seen"
    TOTALS_ONCE = "totals-once"
    TOTALS_UNCLEAR = "totals-unclear"
    TOTALS_SEEM_REPEATED = "totals-seem-repeated"
    ORDERS_RECOGNISED = "orders-recognised"
    GROSS_AMOUNTS = "gross-amounts"
    TAX_OFF = "tax-off"
    TAX_OFF_NET = "tax-off-net"
    VAT_NO_SHARE = "vat-no-share"

    # Customers' ids

    # Patterns of customers

    # Sources

    NO_ROWS = "no-rows"
    DATES_UNREADABLE = "dates-unreadable"
    AMOUNTS_UNREADABLE = "amounts-unreadable"
    ALL_EXCLUDED = "all-excluded"
    ALL_EXCLUDED_FUTURE = "all-excluded-future"

    # Columns
    ROLE_RECOGNISED = "role-recognised"
    ROLE_UNCLEAR = "role-unclear"
    ROLE_ALONE = "role-alone"
    PRICE_UNCLEAR = "price-unclear"
    NET_TAKEN = "net-taken"

    # Known exports and conditions
    PRESET_USED = "preset-used"
    PRESET_SEEN = "preset-seen"
    PRESET_SEEN_ONLY = "preset-seen-only"
    PRESET_UNKNOWN = "preset-unknown"
    PRESET_MISFIT = "preset-misfit"
    PRESET_NAMELESS = "preset-nameless"
    DATEV_HEADER = "datev-header"
    DATEV_NO_YEAR = "datev-no-year"
    WHERE_UNCLEAR = "where-unclear"
    WHERE_COLUMN = "where-column"
    WHERE_COLUMN_CLOSE = "where-column-close"
    WHERE_UNREADABLE = "where-unreadable"
    WHERE_NOTHING = "where-nothing"

    # Settings
    CHOICE = "choice"
    NO_SUCH_SETTING = "no-such-setting"
    ONE_TEXT = "one-text"
    BOTH_GIVEN = "both-given"
    NO_DAY = "no-day"
    NO_NUMBER = "no-number"
    NO_WHOLE_NUMBER = "no-whole-number"

    # Tables beside the log
    TABLE_COLUMN_MISSING = "table-column-missing"
    TABLE_COLUMN_TWICE = "table-column-twice"
    TABLE_EMPTY = "table-empty"
    TABLE_NO_AMOUNT = "table-no-amount"
    TABLE_DECIMAL_UNCLEAR = "table-decimal-unclear"
    TABLE_NO_DAY = "table-no-day"
    TABLE_NO_PERIOD = "table-no-period"
    TABLE_RULE = "table-rule"
    NO_WINNING_COST = "no-winning-cost"
    COSTS_OF_OTHER_COHORTS = "costs-of-other-cohorts"
    COSTS_ARE_SPENDING = "costs-are-spending"
    COST_AFTER_END = "cost-after-end"
    COST_WITHOUT_CUSTOMERS = "cost-without-customers"
    CUSTOMERS_WITHOUT_COST = "customers-without-cost"
    SERVING_NOT_COUNTED = "serving-not-counted"
    CUSTOMER_NOT_IN_MASTER = "customer-not-in-master"
    MASTER_WITHOUT_PURCHASE = "master-without-purchase"
    MASTER_WITHOUT_ATTRIBUTES = "master-without-attributes"
    ATTRIBUTE_STATED_LATER = "attribute-stated-later"
    NEGATIVE_MARGIN = "negative-margin"
    MARGIN_FROM_LOG = "margin-from-log"

    # Refunds

    # Files that are written
