"""Calendar time: a factor of the rate of purchases, and one of their values, that all customers share."""
