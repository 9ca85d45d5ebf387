"""Make transactions.csv and info.json from the public CDNOW sample: ``python make.py CDNOW_sample.txt``."""

import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent

INFO = {
    "title": "CDNOW, 1/10 sample: purchases of CDs by 2,357 customers of an online shop, January 1997 to June 1998",
    "source": (
        "The public file CDNOW_sample.txt by Peter S. Fader and Bruce Hardie (https://www.brucehardie.com/datasets/), "
        "as carried by the PyPI package lifetimes 0.11.3 (lifetimes/datasets/CDNOW_sample.txt)"
    ),
    "licence": (
        "The authors publish the file for research and teaching and attach no formal licence to it; "
        "the package lifetimes, which carries it, is under the MIT licence. Cite the references when using it."
    ),
    "references": [
        "Fader, P. S., & Hardie, B. G. S. (2001). Forecasting repeat sales at CDNOW. Interfaces, 31(3), S94-S107.",
        "Fader, P. S., Hardie, B. G. S., & Lee, K. L. (2005). RFM and CLV. J. of Marketing Research, 42(4), 415-430.",
    ],
    "changes": (
        "One header line added; the customer's number in the full data set dropped; dates written as ISO 8601; "
        "all rows kept, in the original order. 8 rows have the amount 0 and 21 rows repeat an earlier row exactly."
    ),
    "columns": {
        "customer_id": "customer's number within the sample, four digits with leading zeros (text)",
        "date": "day of the purchase (ISO 8601)",
        "quantity": "CDs bought (count)",
        "amount": "amount paid (US dollars)",
    },
    "observation_end": "1997-09-30",
    "holdout_end": "1998-06-30",
}


def main(public_file: str) -> None:
    rows = ["customer_id,date,quantity,amount"]
    for line in Path(public_file).read_text(encoding="ascii").splitlines():
        _, customer, day, quantity, amount = line.split()
        rows.append(f"{customer},{day[:4]}-{day[4:6]}-{day[6:]},{quantity},{amount}")
    content = ("\n".join(rows) + "\n").encode("ascii")
    info = INFO | {"file": "transactions.csv", "rows": len(rows) - 1, "sha256": hashlib.sha256(content).hexdigest()}
    (HERE / "transactions.csv").write_bytes(content)
    (HERE / "info.json").write_text(json.dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
