"""English sentences on one customer: what it did, and why the forecast is what it is."""

from kundenwert.messages.codes import Code

SENTENCES: dict[Code, str] = {
    Code.WHY_BOUGHT: (
        "{purchases:,} purchases from {first_purchase:%Y-%m-%d} to {last_purchase:%Y-%m-%d}; since then {silence:time} "
        "without one"
    ),
    Code.WHY_ONCE: "One purchase, on {first_purchase:%Y-%m-%d}; since then {silence:time} without one",
    Code.WHY_UNDATED: (
        "{purchases:n|purchase|purchases} in {observed:time}; since the last one {silence:time} without one"
    ),
    Code.WHY_ALIVE_WHATEVER: (
        "P(alive) is {p_alive:.2f}, and no longer silence would change it: the {law} lets nobody with these purchases "
        "leave by silence alone"
    ),
    Code.WHY_ALIVE_ONCE: (
        "P(alive) is {p_alive:.2f}: after one purchase no rhythm of its own is known, so this is what holds for new "
        "customers like it after {silence:time} without a second one"
    ),
    Code.WHY_ALIVE_RECENT: (
        "P(alive) is {p_alive:.2f}: it bought every {gap:time} on average, and has not been silent for longer than that"
    ),
    Code.WHY_ALIVE_SILENT: (
        "P(alive) is {p_alive:.2f}: it bought every {gap:time} on average and has been silent for {silence:time}; "
        "after {gap:time} without a purchase it would be {p_alive_after_usual_gap:.2f}"
    ),
    Code.WHY_ALIVE_STILL: (
        "P(alive) is {p_alive:.2f}: it bought every {gap:time} on average and has been silent for {silence:time}, "
        "which says little yet; after {gap:time} it would be {p_alive_after_usual_gap:.2f}"
    ),
    Code.WHY_OTHERS: (
        "Of {others:n|other customer|other customers} of cohort {cohort!r}, {others_fewer:.0%} came back less often, "
        "{others_as_many:.0%} as often and {others_more:.0%} more often"
    ),
    Code.WHY_RATE: (
        "It came back {rate_observed:.2f} times a year so far; as long as it is a customer, {rate_expected:.2f} "
        "purchases a year are expected of it, and {rate_new:.2f} of a new customer like it"
    ),
    Code.WHY_SPEND_BETWEEN: (
        "Its {repeat_purchases:n|repeat purchase is|repeat purchases are} worth {spend_observed:,.2f} on average, a "
        "new customer's purchases {spend_new:,.2f}; between the two, {spend_expected:,.2f} a purchase is expected"
    ),
    Code.WHY_SPEND: (
        "Its {repeat_purchases:n|repeat purchase is|repeat purchases are} worth {spend_observed:,.2f} on average; "
        "{spend_expected:,.2f} a purchase is expected"
    ),
    Code.WHY_SPEND_ONCE: (
        "Without a repeat purchase, {spend_expected:,.2f} a purchase is expected, as of any new customer like it"
    ),
    Code.WHY_SPEND_FIRST: (
        "Without a repeat purchase, the first one of {first_value:,.2f} is what is known of its spending: "
        "{spend_expected:,.2f} a purchase is expected, of a new customer {spend_new:,.2f}"
    ),
    Code.WHY_SPEND_ALL: (
        "Its first purchase is worth {first_value:,.2f}, its {repeat_purchases:n|repeat purchase|repeat purchases} "
        "{spend_observed:,.2f} on average, a new customer's purchases {spend_new:,.2f}; from all of them, "
        "{spend_expected:,.2f} a purchase is expected"
    ),
    Code.WHY_SPEND_NO_MEAN: "What it spends has no finite expectation: the law of spend has no mean in some draws",
    Code.WHY_AHEAD: (
        "Within {horizon:time}, {expected_purchases_mean:.2f} purchases are expected ({purchases_q05:.0f} to "
        "{purchases_q95:.0f} with a probability of 90%), and a value of {rlv_mean:,.2f} ({rlv_q05:,.2f} to "
        "{rlv_q95:,.2f})"
    ),
    Code.WHY_AHEAD_ENDLESS: (
        "In all time to come, {expected_purchases_mean:.2f} purchases are expected ({purchases_q05:.0f} to "
        "{purchases_q95:.0f} with a probability of 90%), and a value of {rlv_mean:,.2f} ({rlv_q05:,.2f} to "
        "{rlv_q95:,.2f})"
    ),
    Code.WHY_NEXT: "With a probability of {share:.0%} it buys again by {date:%Y-%m-%d}, within {wait:time}",
    Code.WHY_NEXT_UNDATED: "With a probability of {share:.0%} it buys again within {wait:time}",
    Code.WHY_NEXT_NEVER: "By when it buys again cannot be told: {note}",
    Code.WHY_ONE_MORE: (
        "One more purchase on the last day, not counted itself, would move P(alive) from {p_alive:.2f} to "
        "{more_p_alive:.2f} and the expected value to come from {rlv_mean:,.2f} to {more_rlv:,.2f}"
    ),
}
