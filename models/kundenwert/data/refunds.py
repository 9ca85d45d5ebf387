"""Take refunds off purchases: of the same day, or of the days before, the latest first."""

from __future__ import annotations

import ibis

from kundenwert.data.amounts import AMOUNT_TYPE
from kundenwert.messages import Code


def settle(rows: ibis.Table, refunds: str) -> ibis.Table:
    """Say for each row to which day's purchase it belongs, and exclude those of which nothing is left.

    Parameters
    ----------
    rows : ibis.Table
        Rows with `customer_id, date, amount, fate`; only those without a fate are looked at.
    refunds : {"exclude", "net", "earlier"}
        With "exclude" there are no refunds among them.

    Returns
    -------
    ibis.Table
        The rows with `day`, the day of their purchase, and `left`, what is left of the purchases of their date.
    """
    if refunds == "exclude":
        return rows.mutate(day=rows.date, left=ibis.null(AMOUNT_TYPE))
    good = rows.filter(rows.fate.isnull())
    days = good.group_by("customer_id", "date").agg(
        gain=good.amount.sum().cast(AMOUNT_TYPE),
        bought=(good.amount >= 0).sum(),
        refunds=(good.amount < 0).sum(),
    )
    days = _of_the_day(days) if refunds == "net" else _of_days_before(days)
    days = days.select(who="customer_id", when="date", undone="undone", day="day", left="left")
    rows = rows.mutate(who_kept=ibis.ifelse(rows.fate.isnull(), rows.customer_id, ibis.null("string")))
    joined = rows.left_join(days, [rows.who_kept == days.who, rows.date == days.when])
    return joined.mutate(fate=joined.fate.coalesce(joined.undone)).drop("who", "when", "undone", "who_kept")


def _of_the_day(days: ibis.Table) -> ibis.Table:
    nothing = (days.refunds > 0) & (days.gain <= 0)
    undone = ibis.cases((nothing & (days.bought == 0), str(Code.LONE_REFUND)), (nothing, str(Code.UNDONE_BY_REFUND)))
    return days.mutate(undone=undone, day=days.date, left=days.gain)


def _of_days_before(days: ibis.Table) -> ibis.Table:
    """Let each credit note take back the latest purchases, as from a pile that never sinks below the ground.

    The pile's height after each day is the running sum less its running minimum below zero. What lies between the
    height before a purchase and the lowest height ever after is left of it.
    """
    zero = ibis.literal(0).cast(AMOUNT_TYPE)
    each = ibis.window(group_by="customer_id", order_by="date")
    so_far = ibis.cumulative_window(group_by="customer_id", order_by="date")
    from_now = ibis.window(preceding=0, following=None, group_by="customer_id", order_by="date")
    days = days.mutate(total=days.gain.sum().over(so_far).cast(AMOUNT_TYPE))
    days = days.mutate(ground=ibis.least(days.total.min().over(so_far), zero))
    days = days.mutate(height=days.total - days.ground)
    days = days.mutate(before=days.height.lag().over(each).fill_null(zero), lowest=days.height.min().over(from_now))
    left = ibis.least(days.gain, ibis.greatest(days.lowest - days.before, zero))
    days = days.mutate(left=ibis.ifelse(days.gain < 0, zero, left))
    taken = (days.gain < 0) & (days.before > 0)
    free = (days.gain == 0) & (days.refunds == 0)
    stays = (days.left > 0) | free
    last = ibis.ifelse(days.left > 0, days.date, ibis.null("date")).max().over(so_far)
    undone = ibis.cases(
        (stays, ibis.null("string")),
        ((days.gain < 0) & ~taken & (days.bought == 0), str(Code.REFUND_BEYOND)),
        (taken & last.notnull(), ibis.null("string")),
        else_=str(Code.UNDONE_BY_REFUND),
    )
    return days.mutate(undone=undone, day=ibis.ifelse(stays, days.date, last))
