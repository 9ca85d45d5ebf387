"""Codes of everything that can be found or refused; what is said of each stands in a catalogue such as `en`."""

from enum import StrEnum


class Code(StrEnum):
    """A finding or a refusal. Its sentence, with the names of its figures in braces, stands in the catalogue."""

    # Fates of rows
    PURCHASE = "purchase"
    SAME_DAY = "same-day"
    REJECTED_LINE = "rejected-line"
    EMPTY_ROW = "empty-row"
    REPEATED_HEADING = "repeated-heading"
    PAGE_NUMBER = "page-number"
    CARRIED_OVER = "carried-over"
    LIST_SUM = "list-sum"
    LONE_TEXT = "lone-text"
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
    LINES_LOST = "lines-lost"
    LINES_UNSPLIT = "lines-unsplit"
    BAD_LINES = "bad-lines"
    BAD_LINES_MENDABLE = "bad-lines-mendable"
    BAD_LINES_REFUSED = "bad-lines-refused"
    BROKEN_CELL = "broken-cell"
    LINES_REPAIRED = "lines-repaired"
    LINE_BREAKS = "line-breaks"
    MONEY_GUESSED = "money-guessed"
    STRAY_QUOTE = "stray-quote"
    TORN_ROW = "torn-row"

    # Amounts
    DECIMAL_UNCLEAR = "decimal-unclear"
    DECIMAL_UNKNOWN = "decimal-unknown"
    BAD_AMOUNT_ABOUT = "bad-amount-about"
    AMOUNT_MARKS = "amount-marks"
    AMOUNT_MARKS_UNCLEAR = "amount-marks-unclear"

    # Dates
    DAY_MONTH_UNCLEAR = "day-month-unclear"
    DATE_FORMAT_BAD = "date-format-bad"
    DATE_FORMAT_YEARLESS = "date-format-yearless"
    DATE_FORMAT_MONTHLESS = "date-format-monthless"
    DATE_FORMAT_WEEKS = "date-format-weeks"
    DATES_UNCLEAR = "dates-unclear"
    DATES_MIXED = "dates-mixed"
    DATES_OTHERWISE = "dates-otherwise"
    PLACEHOLDER_DATE = "placeholder-date"
    LAST_DAY_APART = "last-day-apart"
    FIRST_DAY_APART = "first-day-apart"
    DATES_ARE_WEEKS = "dates-are-weeks"
    DATES_ARE_MONTHS = "dates-are-months"
    DATES_ARE_QUARTERS = "dates-are-quarters"
    DAYS_OF_UTC = "days-of-utc"
    DAYS_OF_ZONE = "days-of-zone"
    ZONE_UNUSED = "zone-unused"
    ZONE_UNKNOWN = "zone-unknown"
    OFFSETS_DIFFER = "offsets-differ"
    OFFSETS_MIXED = "offsets-mixed"

    # Money: currencies, signs, tax, orders

    # Customers' ids

    # Patterns of customers

    # Sources
    ARCHIVE_DAMAGED = "archive-damaged"
    ARCHIVE_EMPTY = "archive-empty"
    INPUT_EMPTY = "input-empty"
    NO_MATCH = "no-match"
    NO_FILES = "no-files"
    SAME_FILE_TWICE = "same-file-twice"
    SAME_CONTENT = "same-content"
    COLUMNS_DIFFER = "columns-differ"
    TYPES_DIFFER = "types-differ"
    WHICH_TABLE = "which-table"
    NO_SUCH_TABLE = "no-such-table"
    NO_TABLES = "no-tables"
    TABLE_NOT_HERE = "table-not-here"
    SKIP_NOT_HERE = "skip-not-here"
    WRONG_CONTENT = "wrong-content"
    UNREADABLE = "unreadable"
    NO_HEADING = "no-heading"
    LOCKED_WORKBOOK = "locked-workbook"
    UNFINISHED_DATABASE = "unfinished-database"
    FOLDER = "folder"
    JSON_NOT_ROWS = "json-not-rows"
    JSON_BAD_LINES = "json-bad-lines"
    JSON_LINES_REFUSED = "json-lines-refused"
    NESTED_VALUES = "nested-values"
    DATABASE_ADDRESS = "database-address"
    DATABASE_NOT_REACHED = "database-not-reached"
    DATABASE_REFUSED = "database-refused"
    TIMEZONE_UNKNOWN = "timezone-unknown"

    NO_ROWS = "no-rows"
    DATES_UNREADABLE = "dates-unreadable"
    AMOUNTS_UNREADABLE = "amounts-unreadable"
    ALL_EXCLUDED = "all-excluded"
    ALL_EXCLUDED_FUTURE = "all-excluded-future"

    # Columns

    # Settings
    CHOICE = "choice"
    NO_SUCH_SETTING = "no-such-setting"
    ONE_TEXT = "one-text"
    BOTH_GIVEN = "both-given"
    NO_DAY = "no-day"
    NO_NUMBER = "no-number"
    NUMBER_UNCLEAR = "number-unclear"
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
