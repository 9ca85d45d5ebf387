"""English sentences on sources, columns, settings, tables beside the log and files that are written."""

from kundenwert.messages.codes import Code

SENTENCES: dict[Code, str] = {
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
    Code.ONE_COLUMN: (
        "{source!r} has no column {columns}, but one column only: {names}. If that line is a title, pass over it with "
        "{skip}; if whole lines stand in quotation marks, or columns have fixed widths, export the table again with "
        "semicolons between the columns"
    ),
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
    Code.NO_SUCH_MODEL: "{given} is no law of purchases; known: {known}, and auto, which compares them",
    Code.NO_SUCH_REGULARITY: "k={given} is no number of stages; give a whole number from 1 to {most}, or leave it "
    "to be learned",
    Code.REGULARITY_NOT_GIVEN: "this model learns k, and stands for {most} models at once; for one of them, such as "
    "for its PyMC graph, give k, for instance kw.MBGCNBD(k=2)",
    Code.CALENDAR_OF_OTHERS: (
        "the calendar was learned up to {end}, in time unit {unit!r}, and the customers are observed up to {own_end}, "
        "in {own_unit!r}: learn it anew from these customers' fits and log"
    ),
    Code.NO_CALENDAR: (
        "the {title} takes no calendar: its customers leave after a purchase, so that a season would change how long "
        "they stay; leave the calendar out, or fit the Pareto/NBD"
    ),
    Code.COLUMN_FOR_LAW: "the {title} looks at the column {column!r}, which the customer table does not have: the sum, "
    "over a customer's repeat purchases, of the logarithm of the time since the purchase before. kw.summarise adds it "
    "to what is made from a log; of a table without it another law can learn, such as kw.ParetoNBD",
    Code.COSTS_NOT_READ: "{file} is a table not read yet: give kw.read_costs(...).of(summary)[0] as cac",
    Code.BOTH_GIVEN: "{first} and {second} are both given; state one of them",
    Code.NO_DAY: "{given} is not a date; write it such as '1997-09-30' or '30.09.1997'",
    Code.NO_NUMBER: "{given} is not a number; write it such as 0.35 or 0,35",
    Code.NUMBER_UNCLEAR: "{given} can be read as {first} or as {second}; write the one that is meant without thousands",
    Code.NO_WHOLE_NUMBER: "{given} must be a whole number, {least} or more",
    Code.NOT_ABOVE_ZERO: "{given} must be above 0",
    Code.MARGIN_BAD: "the margin is {margin:g}; it is a share of revenue, in (0, 1], so 30 % is 0.3",
    Code.DISCOUNT_RATE_BAD: "the discount rate is {rate:g} a year; 10 % is 0.10",
    Code.COST_BAD: "the {what} is {cost}; it is an amount of money, at least 0",
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
    # What is asked of customers through time
    Code.NO_SUCH_CUSTOMER: "none of the {customers:n|customer|customers} is called {given!r}; check the id",
    Code.NO_SUCH_CUSTOMER_CLOSE: (
        "none of the {customers:n|customer|customers} is called {given!r}. Did you mean {close}?"
    ),
    Code.NO_MOMENT: ("{given} says no time; give dates, or numbers of time units after the end of observation"),
    Code.NO_DATES_KNOWN: (
        "{given} is a date, and the dates of these customers are not known; give numbers of time units after the end "
        "of observation, or summarise a log"
    ),
    Code.PAST_NEEDS_LOG: (
        "{given} lies before the end of observation; what was known then stands in the log: give {log} too"
    ),
    Code.LOG_OF_OTHERS: (
        "the log has other purchases of customer {customer!r} than the summary: {found} up to the end of observation, "
        "not {wanted}. Give the log that the summary was made from"
    ),
    Code.TIME_BEFORE_NOW: "{given} lies before the end of observation; a forecast looks ahead",
    Code.NO_PROBABILITY: "{given} is no probability; it lies between 0 and 1, such as 0.5",
    Code.NO_WINDOW: "{given} is no window of time ahead; a window ends after it starts, such as (0, 13)",
    Code.WINDOWS_ENDLESS: (
        "an infinite horizon has no last month; give a finite {horizon}, or windows of your own with {windows}"
    ),
    Code.BACKTEST_SHORT: (
        "the log is too short for a back-test: a forecast needs {history} and {repeats:n|repeat purchase|repeat "
        "purchases} behind it and {shortest} after it; the log runs from {first} to {end}, with {bought:,} repeat "
        "purchases. State days of your own with {origins}, or shorter {horizons}"
    ),
    Code.ORIGIN_OUTSIDE: (
        "no forecast can be checked from {given}: the log runs from {first} to {end}, and the shortest horizon is "
        "{shortest}. Choose a day between them, or a shorter horizon"
    ),
    Code.BACKTEST_NO_FIT: "no origin has a posterior to forecast from; on {day}: {why}",
    Code.BACKTEST_MISSED: (
        "Over {length} the 90 % interval held total purchases in {held} of {cases:n|case|cases} and revenue in "
        "{paid} of {cases}: totals of this log are less sure than their intervals say"
    ),
    Code.BACKTEST_FEW: (
        "Over {length} the 90 % interval held total purchases in {held} of {cases:n|case|cases} and revenue in "
        "{paid} of {cases}: too few to say that it holds as often as it should"
    ),
    Code.BACKTEST_HELD: (
        "Over {length} the 90 % interval held total purchases in {held} of {cases:n|case|cases} and revenue in "
        "{paid} of {cases}: about as often as it should"
    ),
    Code.WAIT_NEVER: "a probability of {share:.0%} is never reached: P(alive) is {alive:.2f}",
    Code.WAIT_LONGER: (
        "a probability of {share:.0%} is not reached within {years:.3g} years: it is {reached:.2f} by then"
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
        "{source} states costs of serving or keeping customers that are not counted, so values are too high: state "
        "them per order, or per customer and year or month, and without a period"
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
    Code.REFUNDS_LARGE: (
        "negative amounts take back {back:,.2f}, {share:.0f} % of the {gross:,.2f} of positive ones: are they "
        "payments of invoices, or is the sign the other way round? Leave out what is no credit note, such as with "
        "{where}"
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
    Code.SPENDING_UNKNOWN: (
        "the customers have no {missing}, which the {model} model looks at: summarise them from purchases with "
        "amounts, or fit a law of spend that does without"
    ),
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
