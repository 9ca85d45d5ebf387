"""The English catalogue: one sentence for each code.

Names in braces are the code's figures. `{count:n|row|rows}` writes a number with its noun, `{first:offenders}` the
first places in brackets or nothing, `{silence:time}` days as people say
them, `{hint}` a setting as the reader's interface writes it.
"""

from kundenwert.messages.codes import Code
from kundenwert.messages.en import reasons, rows, ways

SENTENCES: dict[Code, str] = {**rows.SENTENCES, **ways.SENTENCES, **reasons.SENTENCES}
