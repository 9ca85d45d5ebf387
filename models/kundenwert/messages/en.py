"""The English catalogue: one sentence for each code.

Names in braces are the code's figures. `{count:n|row|rows}` writes a number with its noun, `{first:offenders}` the
first places in brackets or nothing, `{hint}` a setting as the reader's interface writes it.
"""

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
    Code.LAST_DAY_APART: (
        "the last day, {day}, lies {gap:,} days behind the one before, {near}, and would decide the end of "
        "observation: "
        "is its date right? If not, set {end}, or leave the row out with {where}"
    ),
    Code.FIRST_DAY_APART: (
        "the first day, {day}, lies {gap:,} days before the next, {near}: is its date right? If not, leave the row out "
        "with {where}"
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
    # Sources
    Code.ARCHIVE_DAMAGED: "{source!r} is damaged or cut short: it cannot be unpacked to its end. Fetch it anew",
    Code.ARCHIVE_EMPTY: "{source!r} holds an empty file",
    Code.INPUT_EMPTY: "standard input is empty; pipe CSV text into it",
    Code.NO_MATCH: "no file is called like {pattern!r}; check the folder and the pattern",
    Code.NO_FILES: "the list of files is empty; name at least one",
    Code.SAME_FILE_TWICE: "{file!r} is given twice; every purchase in it would count twice. Name it once",
    Code.SAME_CONTENT: "files hold the same bytes, such as {first!r} and {second!r}: their purchases count twice",
    Code.COLUMNS_DIFFER: (
        "the files have different columns: {second!r} lacks {missing} and has {further} that {first!r} has not. Export "
        "them alike, or read them one by one"
    ),
    Code.TYPES_DIFFER: (
        "column {column!r} holds {one} in {first!r} and {other} in {second!r}; export them alike, or read them one by "
        "one"
    ),
    Code.WHICH_TABLE: "{source!r} holds {count}: {tables}. Say which to read with {hint}",
    Code.NO_SUCH_TABLE: "{source!r} has no {kind} {name!r}{meant}; it has {tables}",
    Code.NO_TABLES: "{source!r} holds no {kind} with rows that can be read",
    Code.TABLE_NOT_HERE: (
        "{given} names a sheet of a workbook or a table of a database, and {source} is neither; leave it out"
    ),
    Code.SKIP_NOT_HERE: "{given} is for text files and workbooks; leave it out",
    Code.WRONG_CONTENT: "{source!r} is {kind}, whatever its name says; {advice}",
    Code.UNREADABLE: "{source!r} is not {kind} that can be read: {reason}",
    Code.NO_HEADING: "{source!r} holds no row of column names below its first {skipped:n|row|rows}; check {given}",
    Code.LOCKED_WORKBOOK: "{source!r} is protected by a password; save it without one",
    Code.UNFINISHED_DATABASE: (
        "{source!r} has a file {beside!r} beside it with changes that are not in it yet, and cannot be opened with "
        "them; close the program that writes it, or export the table"
    ),
    Code.FOLDER: "{source!r} is a directory; give the path of one CSV or Parquet file in it{meant}",
    Code.JSON_NOT_ROWS: (
        "{source!r} is JSON, but not a list of objects, such as [{{...}}, {{...}}], nor one object in each line{reason}"
    ),
    Code.JSON_BAD_LINES: (
        "{count:n|line|lines} of {source!r} cannot be read as one JSON object each{first:offenders}; check the export"
    ),
    Code.JSON_LINES_REFUSED: (
        "{count:n|line|lines} of {source!r} cannot be read as one JSON object each{first:offenders}; mend the export, "
        "or leave them out with {hint}"
    ),
    Code.NESTED_VALUES: (
        "column {column!r} of {source!r} serves as {role} and holds lists or objects ({where}: {example}); export the "
        "value itself as a field of its own"
    ),
    Code.DATABASE_ADDRESS: (
        "the address of the database is not understood; write it as postgresql://user@host:5432/database, with signs "
        "such as @, / and % in a password written as %40, %2F and %25, or with the password in PGPASSWORD or .pgpass"
    ),
    Code.DATABASE_NOT_REACHED: "the database {source!r} cannot be reached: {reason}",
    Code.DATABASE_REFUSED: "{source!r} cannot be read: {reason}",
    Code.TIMEZONE_UNKNOWN: "{given} is not a time zone; write it such as 'Europe/Berlin'",
    Code.NO_ROWS: "{source!r} has column names but no rows; check the export",
    Code.DATES_UNREADABLE: (
        "{count:,} of {rows:n|row|rows} of {source!r} have no readable date{first:offenders}. Check the column, or say "
        "how the dates are written with {date_format}"
    ),
    Code.AMOUNTS_UNREADABLE: (
        "{count:,} of {rows:n|row|rows} of {source!r} have no readable amount{first:offenders}. Check the column, or "
        "say which decimal mark it uses with {comma} or {point}"
    ),
    Code.ALL_EXCLUDED: (
        "no purchase is left of the {rows:n|row|rows} of {source!r}. {reasons}. Check that the columns are the right "
        "ones"
    ),
    Code.ALL_EXCLUDED_FUTURE: (
        "no purchase is left of the {rows:n|row|rows} of {source!r}. {reasons}. Check that the columns are the right "
        "ones; days that have not come yet are kept with {keep}"
    ),
    # Columns
    Code.COLUMN_TWICE: "column {column!r} is asked for more than once ({uses}); give each its own column",
    Code.COLUMN_RESERVED: "a kept column cannot be called {column!r}, which has a meaning here; rename it",
    Code.COLUMN_DOUBLED: "{source!r} has more than one column called {column!r}; rename one of them",
    Code.COLUMNS_BELOW: (
        "{source!r} has no column {columns}; it has {names}. The first line must hold the column names; names like "
        "these stand in line {line}: delete the {above:n|line|lines} above, or pass over them with {skip}"
    ),
    Code.COLUMN_MEANT: "{source!r} has no column {columns}; it has {names}. Did you mean {guesses}?",
    Code.NO_COLUMN_NAMES: (
        "{source!r} has no column {columns}; it has {names}. The first line must hold the column names"
    ),
    Code.NO_COLUMN: "{source!r} has no column {columns}; it has {names}. Say which columns hold {roles}",
    Code.ROLE_RECOGNISED: "columns recognised by their names: {roles}",
    Code.ROLE_UNCLEAR: "{count} columns would do, {columns}; say which one, with one of {choices}",
    Code.ROLE_ALONE: "{given} needs {lacking} too; name that column",
    Code.PRICE_UNCLEAR: (
        "column {price!r} may be the price of one unit, since there is a column {quantity!r}. Say {amount} if it is "
        "the amount of the row, or {of_quantity} and {unit_price} if it is to be multiplied"
    ),
    Code.NET_TAKEN: "amounts are net, from column {net!r}; those with tax would be {gross}",
    # Known exports and conditions
    Code.PRESET_USED: (
        "read as {title}: {settings}; {remark}. What is stated explicitly takes precedence; {none} turns this off"
    ),
    Code.PRESET_SEEN: (
        "this looks like {title}; since columns were named, only {settings} was taken from what is known of it. All of "
        "it holds with {hint}"
    ),
    Code.PRESET_SEEN_ONLY: (
        "this looks like {title}; since columns were named, nothing was taken from what is known of it. It holds with "
        "{hint}"
    ),
    Code.PRESET_UNKNOWN: "{given} is no known export; choose {choices}",
    Code.PRESET_MISFIT: (
        "{given} does not fit {source!r}, which has no column {lacking}. Leave it out, or write {none} and name the "
        "columns"
    ),
    Code.PRESET_NAMELESS: (
        "{source!r} is an {kind} report, which names no buyer: customers cannot be told from it. Export the order "
        "report with buyer-email instead (it is read with {hint})"
    ),
    Code.DATEV_HEADER: (
        "the first line of {source!r} does not say to which year its bookings belong; it must be DATEV's header with "
        "the first and the last day (fields 15 and 16), at most a year apart. Export it again, or write {none} and "
        "name the columns"
    ),
    Code.DATEV_NO_YEAR: (
        "{source!r} is a DATEV booking batch, whose column 'Belegdatum' has days and months but no year; the year "
        "stands in the first line. Read it with {hint}, which also takes the sign from 'Soll/Haben-Kennzeichen' and "
        "leaves payments out"
    ),
    Code.WHERE_UNCLEAR: (
        "{given} is no condition; write it such as 'status = completed', 'status not in (failed, \"on hold\")', "
        "'total >= 10', '\"Order Date\" < 2024-01-01' or 'note is empty'"
    ),
    Code.WHERE_COLUMN: "a condition asks for column {column!r}, which is not there; there are {known}",
    Code.WHERE_COLUMN_CLOSE: "a condition asks for column {column!r}, which is not there; did you mean {close!r}?",
    Code.WHERE_UNREADABLE: (
        "{given} compares {kind}, but {count:n|row|rows} of column {column!r} hold none (such as {example!r})"
    ),
    Code.WHERE_NOTHING: "no row meets {given}; column {column!r} holds {held}",
    # Settings
    Code.CHOICE: "{given} is not understood; choose {choices}",
    Code.NO_SUCH_SETTING: "there is no setting {name!r} of {record}; known: {known}{meant}",
    Code.ONE_TEXT: "{given} is one text where a list is meant; write {meant}",
    Code.BOTH_GIVEN: "{first} and {second} are both given; state one of them",
    Code.NO_DAY: "{given} is not a date; write it such as '1997-09-30' or '30.09.1997'",
    Code.NO_NUMBER: "{given} is not a number; write it such as 0.35 or 0,35",
    Code.NUMBER_UNCLEAR: "{given} can be read as {first} or as {second}; write the one that is meant without thousands",
    Code.NO_WHOLE_NUMBER: "{given} must be a whole number, {least} or more",
    Code.NOT_ABOVE_ZERO: "{given} must be above 0",
    Code.MARGIN_BAD: "the margin is {margin:g}; it is a share of revenue, in (0, 1], so 30 % is 0.3",
    Code.DISCOUNT_RATE_BAD: "the discount rate is {rate:g} a year; 10 % is 0.10",
    Code.CAC_BAD: "the acquisition cost is {cost:g}; it is an amount of money, at least 0",
    Code.PRIOR_BAD: (
        "the prior {text!r} of {name!r} is not understood; write a distribution with numbers by name, such as "
        "'LogNormal(mu=0, sigma=1)'"
    ),
    Code.PRIOR_UNKNOWN: "there is no prior on {name!r}; known: {known}{meant}",
    # Days that are asked for
    Code.LOG_END_EARLY: (
        "{given} lies before the last purchase, {last}: the log does reach further. To leave later purchases out, "
        "choose an earlier {end} or {holdout} instead"
    ),
    Code.LOG_END_FAR: (
        "{given} lies {silent:n|day|days} after the last purchase, {last}; that is longer than all purchases span "
        "({spanned:n|day|days}) and than a year. Check the year"
    ),
    Code.HOLDOUT_ALONE: "{holdout} is given without {end}; say where the observation ends",
    Code.HOLDOUT_EARLY: "{given} must lie after {end}; {span}",
    Code.DAY_AFTER_LOG: (
        "{given} lies outside the data: {span}. Choose an earlier day; or, if the log was exported later and nobody "
        "bought any more, state the day up to which it is complete, such as {log_end}"
    ),
    Code.DAY_AFTER_STATED: "{given} lies outside the data: {span}. Choose an earlier day",
    Code.DAY_BEFORE_LOG: "{given} lies outside the data: {span}",
    Code.END_TOO_EARLY: "there is no customer with a purchase up to {end}; choose a later {setting}",
    Code.ONE_CUSTOMER: (
        "there is only 1 customer with a purchase up to {end}; a model of customers needs many. Check the column with "
        "the customer id and {setting}"
    ),
    Code.ALL_ON_LAST_DAY: "every first purchase lies on the last day of observation, {end}; choose a later {setting}",
    # Fits and what is valued with them
    Code.NOT_CONVERGED: (
        "the {model} model did not converge: {failed}; {advice}, or pass {allow} to see marked values"
    ),
    Code.COHORT_OF_ANOTHER_KIND: (
        "the models were fitted with {learned}, the customers have {given}: summarise them with {learned}"
    ),
    Code.UNIT_OF_ANOTHER_FIT: (
        "the purchase model was fitted in units of {fitted!r}, the summary is in {unit!r}: summarise with {meant}"
    ),
    # Settings in files
    Code.SETTINGS_UNREADABLE: "the settings file {file!r} cannot be read: {why}",
    Code.SETTINGS_UNKNOWN: "{file!r} states {name!r} in [{section}], which is no setting there; known: {known}{meant}",
    Code.SETTINGS_NO_SECTION: "{file!r} has {name!r}, which is not known; known: {known}{meant}",
    Code.SETTINGS_USED: "settings are taken from {file!r}",
    Code.NO_MANIFEST: "{file!r} is no manifest that a run can be repeated from: {why}",
    Code.NO_SOURCE: "no transaction log is named; give its path, or state it in kundenwert.toml as source = 'log.csv'",
    Code.SOURCE_CHANGED: (
        "{name!r} has changed since the run that the manifest tells of; give the file of that time, or pass {allow} "
        "to use the settings on what is there now"
    ),
    Code.SOURCE_NOT_FOUND: "{name!r}, which the manifest's run read, is not here; give its path",
    Code.FILE_THERE: "{name!r} is there already; choose another --out, or replace it with --overwrite",
    # Tables beside the log
    Code.TABLE_COLUMN_MISSING: "{source} holds no table of {what}: no column {column!r}; it has {known}{meant}",
    Code.TABLE_COLUMN_TWICE: "{source} has two columns that mean {column!r}; rename or delete one",
    Code.TABLE_EMPTY: "{source} holds no table of {what}: there are no rows below its column names",
    Code.TABLE_NO_AMOUNT: (
        "{source}: {count:n|cell|cells} of column {column!r} cannot be read as an amount{first:offenders}; correct them"
    ),
    Code.TABLE_DECIMAL_UNCLEAR: (
        "{source}: amounts of column {column!r} such as {example!r} can be read as thousands or as decimals, and too "
        "few other rows decide; write them without thousands, such as 1200 or 1200.00"
    ),
    Code.TABLE_NO_DAY: (
        "{source}: {count:n|cell|cells} of column {column!r} cannot be read as a day{first:offenders}; correct them"
    ),
    Code.TABLE_NO_PERIOD: (
        "{source}: {count:n|cell|cells} of column {column!r} name no period{first:offenders}; write a month as "
        "2024-03, a quarter as 2024-Q1, a year as 2024"
    ),
    Code.TABLE_RULE: (
        "{source}: column {column!r} must {rule}; that does not hold in {count:n|row|rows}{first:offenders}"
    ),
    Code.NO_WINNING_COST: "{source} states no {kinds} costs, so what a customer cost to win is not known",
    Code.COSTS_OF_OTHER_COHORTS: (
        "{source} states costs of {stated}, but the cohorts are {known}; choose the cohorts that the costs are for"
    ),
    Code.COSTS_ARE_SPENDING: (
        "{source} states money spent, not what one customer cost; it is divided by the customers won in a summary"
    ),
    Code.COST_AFTER_END: "{count:n|cost|costs} spent after the end of observation left out",
    Code.COST_WITHOUT_CUSTOMERS: (
        "{count:n|cost|costs} for cohorts or periods in which nobody was won: this money is in no customer's cost"
    ),
    Code.CUSTOMERS_WITHOUT_COST: "{count:n|customer|customers} won at no stated cost: counted as 0",
    Code.SERVING_NOT_COUNTED: (
        "{source} states costs of serving or keeping customers; values do not count them yet, so they are too high"
    ),
    Code.CUSTOMER_NOT_IN_MASTER: (
        "{count:n|customer|customers} of the log not in {source}: their attributes are missing"
    ),
    Code.MASTER_WITHOUT_PURCHASE: "{count:n|customer|customers} of {source} without a purchase: not valued",
    Code.MASTER_WITHOUT_ATTRIBUTES: "{source} has a column of customer ids but no attribute; add one, such as region",
    Code.ATTRIBUTE_TWICE: "the column {column!r} is kept from the log and from the table of customers; rename one",
    Code.ATTRIBUTE_STATED_LATER: (
        "{count:n|customer|customers} whose attributes in {source} hold from a day after the first purchase only: "
        "those are taken"
    ),
    Code.NEGATIVE_MARGIN: "{count:n|row|rows} with a negative margin, kept",
    Code.MARGIN_MISSING: "{count:n|row|rows} without a readable margin: counted as 0",
    Code.MARGIN_FROM_LOG: "margin {share:.1f} % of revenue, from the rows' own margins",
    # Refunds
    Code.REFUND_LATER: "credit note after the end of observation for a purchase before it",
    Code.REFUND_UNPLACED: "credit note that no purchase clearly belongs to",
    Code.REFUNDS_MATCHED: (
        "{gross:,.2f} gross; {same:,.2f} taken off purchases of the same day, {earlier:,.2f} off earlier ones; net "
        "{net:,.2f}; {without:,.2f} of credit notes without a purchase"
    ),
    Code.REFUNDS_SIZEABLE: (
        "credit notes of {without:,.2f}, {of_gross:.1f} % of gross revenue and {of_credit:.0f} % of all credit notes, "
        "belong to no purchase clearly: revenue is too high by as much. Take them off the latest purchases with "
        "{hint}"
    ),
    # Files that are written
    Code.NOT_WRITABLE: "nothing can be written in {place!r} ({why}); choose another place, or make it writable",
    Code.FOLDER_IN_PLACE: "{name} is a folder where a file is to be written; name another place",
    Code.BUSY_FOLDER: "another run is writing to {folder!r}; wait until it has ended, or choose another folder",
    Code.HALF_PUBLISHED: (
        "a run was killed while it put its files into {folder!r}, and this one may not write there to finish that; "
        "make the folder writable, or run the command that writes it again"
    ),
    Code.STRANGE_JOURNAL: (
        "{name} in {folder!r} is not readable as the record of files to be put in place; remove it, and run again"
    ),
    Code.CHANGED_FILE: (
        "{file} in {folder!r} is not the file that the manifest beside it speaks of: it was changed, or comes from "
        "another run. Run the command that wrote the folder again"
    ),
    Code.STOPPED: "stopped by {signal}; nothing of this run is left behind",
    Code.STOPPED_AFTER: "stopped by {signal} when the results were in place already",
    Code.NO_FIT: "there is no file {path}; `fit` writes one",
    Code.NOT_A_FIT: "{name} is not a stored fit of this program ({why}); fit again to make one",
    Code.FIT_WITHOUT_CHECKSUM: (
        "{name} is not a stored fit of this program (no checksum at its end: it was cut short, or an earlier version "
        "or another program wrote it); fit again to make one"
    ),
    Code.FIT_DAMAGED: "{name} is damaged: its bytes do not match its checksum; fit again, or take it from a backup",
    Code.SHORT_KEY: "the key of the pseudonyms has fewer than {least} characters: it could be found by trying",
    Code.NO_KEY_FILE: "the file {name!r} with the key of the pseudonyms can be neither read nor made ({why})",
    Code.SAME_PSEUDONYM: "two customers would get the same pseudonym; choose another key",
    Code.MIXED_PAIR: (
        "the two posteriors come from different runs ({first} and {second}): purchases and spend must be fitted "
        "together; fit again, or give the folder of one run"
    ),
}
