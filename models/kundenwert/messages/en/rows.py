"""English sentences on rows: what became of them, and what was seen in them."""

from kundenwert.messages.codes import Code

SENTENCES: dict[Code, str] = {
    # Fates of rows
    Code.PURCHASE: "purchase (customer and day)",
    Code.SAME_DAY: "same customer and same day as a kept row",
    Code.REJECTED_LINE: "line cannot be split into the file's columns",
    Code.EMPTY_ROW: "row without anything in it",
    Code.REPEATED_HEADING: "column names again, as on each page of a list",
    Code.PAGE_NUMBER: "page number",
    Code.CARRIED_OVER: "sum carried over",
    Code.LIST_SUM: "sum of other rows",
    Code.LONE_TEXT: "row with one text and nothing else, such as a title",
    Code.SUM_OF_ALL: "line of totals: the amount is the sum of all others",
    Code.NO_CUSTOMER: "customer id missing",
    Code.PLACEHOLDER_ID: "customer id missing (placeholder such as '#NV')",
    Code.NO_DATE: "date missing",
    Code.BAD_DATE: "date unreadable",
    Code.FAR_DATE: "date before {earliest} or after {latest}",
    Code.FUTURE_DATE: "date in the future",
    Code.ISOLATED_DAY: "date far from all others",
    Code.NO_AMOUNT: "amount missing",
    Code.BAD_AMOUNT: "amount unreadable, infinite or beyond 1e15",
    Code.REFUND: "refund (negative amount)",
    Code.ZERO_AMOUNT: "zero amount",
    Code.DUPLICATE: "exact duplicate of an earlier row",
    Code.UNDONE_BY_REFUND: "purchase of which refunds leave nothing",
    Code.LONE_REFUND: "credit note without a purchase of that day",
    Code.REFUND_BEYOND: "credit note beyond the customer's earlier purchases",
    Code.LEFT_OUT: "left out by the conditions on rows",
    Code.NO_DEBTOR: "booking on no customer's account",
    Code.NO_REVENUE: "booking against an account that is no revenue account, such as a payment",
    Code.FURTHER_ITEM: "further item of an order whose total stands on another row",
    Code.TOTAL_REPEATED: "total of an order again, on a row of a further item",
    # What was seen of rows that stay
    Code.FUTURE_KEPT: "date in the future, kept",
    Code.ZERO_KEPT: "zero amount, kept",
    Code.DUPLICATE_KEPT: "exact duplicate of an earlier row, kept",
    Code.DUPLICATES_MANY: (
        "{count:n|row is|rows are} exact duplicates of earlier ones, {share:.0f} % of all: where rows were exported "
        "twice, purchases count twice. Leave them out with {hint}"
    ),
    Code.OVERLAP_KEPT: (
        "{count:n|row equals|rows equal} a row of another file in all columns: where files overlap, purchases count "
        "twice. Leave them out with {hint}"
    ),
    Code.ZEROS_MANY: (
        "{count:n|row has|rows have} a zero amount, {share:.0f} % of all, and count as purchases: are they visits, "
        "gifts, or formulas that were saved without their values? Leave them out with {hint}"
    ),
    Code.CUSTOMERS_MISSING: (
        "{count:n|row|rows}, {share:.0f} % of all, of {money:,.2f}, name no customer and are left out. Where a list "
        "names a customer once above several rows, as merged cells do, fill the column down and export again"
    ),
    Code.TOTAL_WORD_KEPT: "customer id is a word for totals, kept",
    Code.REFUND_NETTED: "refund taken off the same customer's purchases",
    Code.REFUND_NETTED_EARLIER: "refund taken off the same customer's purchases of that day or before",
    Code.DOMINANT_ROW: "one row holds {share:.0f} % of all money: is it a line of totals?",
    # What the dates asked for do to purchases
    Code.OBSERVED: "purchase in the observation",
    Code.HELD_OUT: "purchase in the hold-out",
    Code.NEW_LATER: "customer's first purchase lies after the end of observation",
    Code.AFTER_OBSERVATION: "after the end of observation",
    Code.AFTER_HOLDOUT: "after the end of the hold-out",
    Code.SILENT_END: "{days:n|day|days} without a purchase count as observed: complete up to {until}, as stated",
    Code.SILENT_DAYS: (
        "{days:n|day|days} without a purchase count as observed, up to {until}; if the log was exported before, choose "
        "an earlier day"
    ),
    Code.SILENT_STRETCH: (
        "no purchase from {start} to the end of observation, {end}, {length:n|day|days} in which about "
        "{expected:,.0f} were to be expected: was the shop shut, or is the log not complete? Forecasts take the "
        "silence for lost customers, and values are too low. If the log is not complete, set {before}"
    ),
    Code.CLOSURE: (
        "no purchase from {start} to {end}, {length:n|day|days} in which about {expected:,.0f} were to be expected: "
        "was the shop shut, or is a part of the log missing? Forecasts take the silence for lost or slower customers"
    ),
    Code.CLOSURE_HELD_OUT: (
        "no purchase from {start} to {end}, {length:n|day|days} of the hold-out in which about {expected:,.0f} were to "
        "be expected: was the shop shut? No forecast knows of that, and all will look too high"
    ),
    Code.BEGINS_WITHIN_LIVES: (
        "of {customers:n|customer|customers} seen up to {until}, {share:.0f} % come in the first half of that time, "
        "and they buy from the first day on like customers of long standing: the log seems to begin in the middle of "
        "its customers' lives. First seen is then not first bought: their times as a customer are too short, and "
        "drop-out, their values and those of new customers are off. Read what lies before too, or compare with "
        "customers first seen later"
    ),
    Code.REFUNDS_ACROSS_ORIGIN: (
        "refunds of the hold-out, if any, were taken off purchases before it; net those of the same day only, and "
        "compare"
    ),
    Code.CUSTOMER_ROW: "customer",
    # Lines of files
    Code.LINES_LOST: (
        "the lines of {source!r} do not add up: of {lines:,}, {above:,} stand above the rows, {blank:,} are blank, "
        "{bad:,} are no rows, {rows:,} were read as rows and {within:,} lie within their cells. Nothing was read; save "
        "the table anew as CSV"
    ),
    Code.LINES_UNSPLIT: (
        "{count:n|line|lines} of {source!r} cannot be split into {columns:n|column|columns} at {delimiter!r}: {first}"
    ),
    Code.BAD_LINES: (
        "{split}. If amounts have decimal commas, export with semicolons between the columns or with amounts in quotes"
    ),
    Code.BAD_LINES_MENDABLE: (
        "{split}. "
        "Most have a stray quotation mark or empty cells at their ends; where the repair is certain, {repair} makes it"
    ),
    Code.BAD_LINES_REFUSED: ("{split}. Mend them, or leave them out with {exclude}"),
    Code.BROKEN_CELL: (
        "{count:n|cell|cells} of column {column!r} of {source!r} hold line breaks (first: {place}); there is likely a "
        "stray quotation mark. Mend the file there"
    ),
    Code.LINES_REPAIRED: "line repaired: a stray quotation mark, or empty cells at its end, taken away",
    Code.LINE_BREAKS: "line breaks within cells",
    Code.MONEY_GUESSED: "money of lines that cannot be split is a guess: only one cell of each can be the amount",
    Code.STRAY_QUOTE: "customer id with a stray quotation mark",
    Code.TORN_ROW: "row beside a fragment of a line that may belong to it",
    # Amounts
    Code.DECIMAL_UNCLEAR: (
        "the decimal mark of column {column!r} is unclear: {doubtful:n|row|rows} can be read as thousands or as "
        "decimals (such as {example!r}), and {others}. Say which it is with {point} or {comma}"
    ),
    Code.DECIMAL_UNKNOWN: "{given} is not understood; choose '.' or ','",
    Code.BAD_AMOUNT_ABOUT: "amount unreadable, infinite or beyond 1e15; its money is about what its digits say",
    Code.AMOUNT_MARKS: (
        "amounts carry marks of debit and credit: those marked {negative} were counted as negative, those marked "
        "{positive} as positive; change that with {setting}"
    ),
    Code.AMOUNT_MARKS_UNCLEAR: (
        "the amounts of column {column!r} carry marks ({marks}), and which of them takes money back depends on whose "
        "account it is. Say which marks are refunds, such as {first} or {second}"
    ),
    # Dates
    Code.DAY_MONTH_UNCLEAR: (
        "day and month cannot be told apart in column {column!r}: {count:n|row|rows} can be read both ways (such as "
        "{example!r}). Say which it is with {first} or {second}"
    ),
    Code.DAY_MONTH_BY_OTHERS: (
        "no day of {file!r} says whether the day or the month stands first: {count:n|row|rows}, such as {example!r}, "
        "are read as {read}, as other files need it. Where this file is written otherwise, read it by itself"
    ),
    Code.DATE_FORMAT_BAD: "{given} is not understood; write it such as '%d.%m.%Y'",
    Code.DATE_FORMAT_YEARLESS: (
        "{given} names no year, so every date would fall into the same one. Add the year to the dates and to "
        "the format, "
        "such as '%d.%m.%Y'"
    ),
    Code.DATE_FORMAT_MONTHLESS: (
        "{given} names no month, so every date of a year would fall on one day. Write it such as '%d.%m.%Y'"
    ),
    Code.DATE_FORMAT_WEEKS: (
        "{given} names weeks without a day, and would put all of them on 1 January. Weeks by ISO 8601 are read "
        "with {weeks}"
    ),
    Code.DATES_UNCLEAR: (
        "the dates of column {column!r} can be read in two ways: {count:n|row|rows} (such as {example!r}). Say "
        "which it "
        "is with {first} or {second}"
    ),
    Code.DATES_MIXED: (
        "the dates of column {column!r} are written in more than one format: {formats}. Write all of them in "
        "one; or say "
        "which one counts, such as {hint}, and the others are left out and told"
    ),
    Code.DATES_OTHERWISE: "date written as {other} among dates written as {usual}, read as such",
    Code.PLACEHOLDER_DATE: "date is a placeholder such as 1900-01-01",
    Code.PLACEHOLDER_DATES: (
        "databases and spreadsheets write {days} where there is no date: {count:n|row is|rows are} left out, far from "
        "all others. If dates are known, write them into the log"
    ),
    Code.LAST_DAY_APART: (
        "the last day, {day}, lies {gap:,} days behind the one before, {near}, and would decide the end of "
        "observation: is its date right? If not, leave it out with {leave}, or set {end}"
    ),
    Code.FIRST_DAY_APART: (
        "the first day, {day}, lies {gap:,} days before the next, {near}: is its date right? If not, leave it out with "
        "{leave}"
    ),
    Code.LAST_DAYS_LEFT_OUT: (
        "{count:n|row|rows} of {days} left out, {gap:,} days behind all others, which end on {near}: about "
        "{expected:,.0f} purchases were to be expected in between. If dates are right and nothing is missing, keep "
        "them with {keep}; the silence then speaks against every customer"
    ),
    Code.FIRST_DAYS_LEFT_OUT: (
        "{count:n|row|rows} of {days} left out, {gap:,} days before all others, which begin on {near}: about "
        "{expected:,.0f} purchases were to be expected in between. If dates are right and nothing is missing, keep "
        "them with {keep}"
    ),
    Code.ISOLATED_DAYS_REFUSED: (
        "{count:n|row lies|rows lie} far from all others, on {days}; the nearest other day is {near}, {gap:,} days "
        "away. Mend the dates, or choose {leave} or {keep}"
    ),
    Code.DATES_ARE_WEEKS: (
        "dates are weeks and were put on their Monday: rows of one customer and week became one purchase, "
        "{share:.0f} % "
        "of the rows used"
    ),
    Code.DATES_ARE_MONTHS: (
        "dates are months and were put on their first day: rows of one customer and month became one purchase, "
        "{share:.0f} % of the rows used"
    ),
    Code.DATES_ARE_QUARTERS: (
        "dates are quarters and were put on their first day: rows of one customer and quarter became one purchase, "
        "{share:.0f} % of the rows used"
    ),
    Code.DAYS_OF_UTC: "days are those of UTC; those of a shop's own time zone are counted with one such as {zone}",
    Code.DAYS_OF_ZONE: "days are those of the time zone {zone}",
    Code.ZONE_UNUSED: "dates carry no offset from UTC: the time zone {zone} changes nothing",
    Code.ZONE_UNKNOWN: "{given} is not a time zone; write it such as 'Europe/Berlin'{meant}",
    Code.OFFSETS_DIFFER: (
        "times carry offsets of several time zones; the day as written counts. The days of one zone are counted "
        "with one "
        "such as {zone}"
    ),
    Code.OFFSETS_MIXED: (
        "{utc:n|row is|rows are} in UTC and {local:n|row is|rows are} in local time; the day as written counts, and "
        "rows in UTC near midnight may belong to another day. The days of one zone are counted with one such as {zone}"
    ),
    # Money: currencies, signs, tax, orders
    Code.CURRENCIES_MIXED: (
        "column {column!r} says that amounts are in several currencies, which cannot be added: {held}. Convert "
        "them with {currency} and {rates} (a table with columns currency and rate, what one unit of each is worth), or "
        "keep one with {where}"
    ),
    Code.CURRENCIES_MIXED_SIGNS: (
        "amounts of column {column!r} are in several currencies, which cannot be added: {held}. Convert them with "
        "{currency} and {rates} (a table with columns currency and rate, what one unit of each is worth)"
    ),
    Code.CURRENCY_OTHER: (
        "amounts are in {held}, not as stated with {currency}. Leave that out, or convert them with {rates} (a table "
        "with columns currency and rate, what one unit of each is worth)"
    ),
    Code.CURRENCY_SOMETIMES: (
        "{count:n|amount names|amounts name} no currency where others say {currency}; they are taken for {currency}"
    ),
    Code.CURRENCY_COLUMN_UNCLEAR: (
        "several columns could say which currency amounts are in: {columns}. Say which one does, with one of {choices}"
    ),
    Code.CONVERTED: "converted into {currency}: {held} are {money:,.2f} {currency}",
    Code.RATE_BAD: "the rate of {currency!r} is {rate!r}; it must be a positive number, such as 0.92",
    Code.RATE_TWICE: "the rates state {currency!r} twice, and differently",
    Code.RATE_MISSING: (
        "there is no rate for {held}; add what one unit of it is worth in {currency}, or leave these rows out"
    ),
    Code.RATES_FILE: (
        "{file!r} is no table of rates; it must be a CSV file with columns currency and rate, such as USD;0,92"
    ),
    Code.RATES_NO_CURRENCY: (
        "the rates do not say which currency they count in: none is 1. Say it, such as with {hint}"
    ),
    Code.MARK_TAKEN: "amount made negative by column {column!r}",
    Code.MARK_NOTHING: (
        "column {column!r} shall mark what is taken back, but holds no such mark (it holds {held}); if one of these "
        "is, say so with {hint}"
    ),
    Code.REFUND_OFF: ("refund of column {column!r} taken off its row: {money:,.2f} of {gross:,.2f} leave {net:,.2f}"),
    Code.REFUNDS_ASIDE: "column {column!r} holds refunds of {money:,.2f} that are not taken off; do it with {hint}",
    Code.STATUS_SEEN: (
        "column {column!r} says of rows that count that they may be no purchases: {values}. Leave them out with {hint}"
    ),
    Code.CREDIT_NOTES_SEEN: (
        "column {column!r} says of positive amounts that count as purchases that they may be taken back: {values}. "
        "Make them negative with {hint}"
    ),
    Code.FLAG_SEEN: (
        "column {column!r} says yes, such as {example!r}, in {count:n|row that counts|rows that count}, of "
        "{money:,.2f}: they may be no purchases. Leave them out with {hint}"
    ),
    Code.AMOUNTS_CENTS: (
        "amounts are in cents, by the name of their column {column!r}, and were taken as they are: all money is a "
        "hundred times too large if they are. Divide them by 100 before reading"
    ),
    Code.AMOUNTS_THOUSANDS: (
        "amounts are in thousands or millions, by the name of their column {column!r}, and were taken as they are: all "
        "money is too small if they are, also beside the acquisition cost. Multiply them before reading"
    ),
    Code.AMOUNTS_RUNNING: (
        "amounts are sums that run on, by the name of their column {column!r}: added up, earlier purchases count again "
        "and again. Choose the column with the amount of each row"
    ),
    Code.PRICE_ASIDE: (
        "column {column!r} changes the price in {count:n|row|rows} and was not used: amounts are quantity times price "
        "only. Choose a column with the amount of the row, if there is one"
    ),
    Code.FEES_OFF: (
        "amounts of column {column!r} are likely what was left after the fees of column {fee!r}, not amounts without "
        "tax: customers paid more"
    ),
    Code.SUMS_AMONG: (
        "rows with {value!r} in column {column!r} hold the sum of the other rows of the same customer and day: all of "
        "it counts twice. Leave them out with {hint}"
    ),
    Code.BOTH_NEGATIVE: "quantity and price are both negative, so that the amount is positive, kept",
    Code.SIGNS_ASIDE: (
        "column {column!r} holds signs, and says minus in {count:n|row|rows} with {money:,.2f} that count as "
        "purchases. Make them negative with {hint} and {marks}"
    ),
    Code.TOTALS_ONCE: (
        "an amount on all rows of an order, by column {column!r}, is its total and counts once: "
        "{orders:n|order|orders} on several rows, {money:,.2f} not counted again"
    ),
    Code.TOTALS_UNCLEAR: (
        "of {of:n|order|orders} with several amounts, by column {column!r}, {orders:,} repeat one amount on all rows: "
        "all were added up as items; if amounts are totals of orders, {money:,.2f} are counted more than once"
    ),
    Code.TOTALS_SEEM_REPEATED: (
        "all {orders:n|order|orders} with several rows, by column {column!r}, repeat one amount on each of them. If "
        "amounts are totals of orders, {money:,.2f} are counted more than once: count each total once with {hint}. If "
        "they are prices of items that happen to be equal, all is right"
    ),
    Code.ORDERS_RECOGNISED: (
        "column {column!r} was taken for the order number: its orders have their amount on one row only, other rows "
        "are further items"
    ),
    Code.GROSS_AMOUNTS: (
        "amounts include tax, by the name of their column {column!r}; a margin is usually of net revenue. Take the tax "
        "off, such as with {hint}"
    ),
    Code.TAX_OFF: "tax of {rate:g} % taken off: {gross:,.2f} gross are {net:,.2f} net",
    Code.TAX_OFF_NET: (
        "tax of {rate:g} % taken off, though column {column!r} is net by its name: {gross:,.2f} became {net:,.2f}"
    ),
    Code.VAT_NO_SHARE: "{given} is no tax rate; write it such as 0.19 or 19 %",
    # Customers' ids
    Code.EXCLUDED_CUSTOMER: "customer excluded, as asked",
    Code.EXCLUDED_MISSPELT: "customer {given!r} is to be excluded but is not in the log; did you mean {meant}?",
    Code.EXCLUDED_ABSENT: "customer {given!r}, to be excluded, is not in the log",
    Code.IDS_DAMAGED: (
        "a spreadsheet has rounded {ids:n|customer id|customer ids} in {rows:n|row|rows} of column {column!r}, such as "
        "{example!r}: several customers may share one. Export the column again as text; if it is only a few rows, "
        "leave those customers out with exclude_customers, or keep all with {keep}"
    ),
    Code.IDS_DAMAGED_KEPT: (
        "a spreadsheet has rounded {ids:n|customer id|customer ids} of column {column!r}, such as {example!r}, kept as "
        "asked: several customers may share one"
    ),
    Code.IDS_TRIMMED: "ids differed only in blanks around them: {before:,} became {after:n|customer|customers}",
    Code.IDS_WHOLE: "ids such as 12.0 are whole numbers, here 12: {before:,} became {after:n|customer|customers}",
    Code.IDS_CASE: ("ids differed only in small and capital letters: {before:,} became {after:n|customer|customers}"),
    Code.IDS_COMPOSED: (
        "ids looked the same but had their accents encoded in two ways: {before:,} became {after:n|customer|customers}"
    ),
    Code.IDS_MAPPED: "ids replaced as id_map says: {before:,} became {after:n|customer|customers}",
    Code.LEADING_ZEROS: (
        "{pairs:n|pair|pairs} of ids differ only in leading zeros, such as {padded!r} and {bare!r}, and count as two "
        "customers each; if they are one, say so with {hint}"
    ),
    Code.IDS_ALIKE: (
        "{ids:n|id|ids} may be {customers:n|customer|customers} only: they differ in nothing but blanks, hyphens, "
        "quotation marks, marks of thousands or capital letters, such as {first!r} and {last!r}, and count as one "
        "customer each. If they are one, say so with {hint}, or for capital letters with {fold}"
    ),
    Code.IDS_GARBLED: (
        "{ids:n|id holds|ids hold} garbled letters, such as {example!r}: text was read in a wrong encoding before or "
        "within the export, and a customer who is also written rightly counts twice. Export the file again, as UTF-8"
    ),
    Code.IDS_PER_MAIL: (
        "column {column!r} has {mails:n|e-mail address|e-mail addresses} for {ids:n|customer id|customer ids}; "
        "{shared:,} of them have several ids, as guest checkouts make them. Who came back shows with {hint}"
    ),
    Code.ID_MAP_COLUMNS: "{file!r} must have columns 'old' and 'new'; there is no {absent} among {names}",
    Code.ID_MAP_TWO: "id {old!r} is to be replaced by {first!r} and by {second!r}; keep one of them",
    Code.ID_MAP_CYCLE: "the ids to be replaced go round in a circle: {chain}",
    Code.ID_MAP_ABSENT: ("{absent:,} of {asked:n|id|ids} to be replaced are not in the log, such as {example!r}"),
    # Patterns of customers
    Code.COLLECTIVE_ID: (
        "customer {customer!r} looks like many people under one id, such as walk-in sales: {rows:.0f} % of all rows, "
        "{money:.0f} % of all money. Leave it out with {hint}"
    ),
    Code.DOMINANT_CUSTOMER: (
        "customer {customer!r} holds {money:.0f} % of all money and {rows:.0f} % of all rows, among "
        "{customers:n|customer|customers}: totals and averages are mostly about this one. See what is left without it "
        "with {hint}"
    ),
    Code.REGULAR_PURCHASES: (
        "{regular:,} of {customers:n|customer|customers} with at least {least} purchases bought at regular intervals, "
        "typically every {period:n|day|days}: this looks like a contract or subscription. Pareto/NBD assumes "
        "irregular purchases; here it will call customers alive who have left, and give wide intervals where the "
        "number is certain. {active:,} of all {all:n|customer|customers} bought in the last {period:n|day|days}"
    ),
    Code.CONSTANT_SPEND: (
        "{constant:,} of {customers:n|customer|customers} who came back spent the same amount every time: a price, not "
        "a habit. The spend model cannot learn how spend varies within a customer"
    ),
    Code.WIDE_SPEND: (
        "purchases span more than three orders of magnitude, from {least:,.2f} to {most:,.2f} without the lowest and "
        "highest hundredth: averages are ruled by few purchases"
    ),
    Code.TOO_FEW: (
        "only {repeaters:n|customer|customers} came back, of {customers:,}: intervals will be wide, and nobody should "
        "be ranked by the means"
    ),
    Code.NOBODY_RETURNED: (
        "none of {customers:n|customer|customers} bought on a second day up to {end}; nothing can be learned about "
        "repeat purchases. What is known is what they spent, {mean:,.2f} on average and once. Check the column with "
        "the customer id, or read a log over a longer time"
    ),
}
