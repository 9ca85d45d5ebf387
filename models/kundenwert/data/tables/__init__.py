"""Tables beside the transaction log, each optional: master data of customers, and costs. Checked by schemas."""

from kundenwert.data.tables.costs import Costs, read_costs
from kundenwert.data.tables.customers import MasterData, read_customers

__all__ = ["Costs", "MasterData", "read_costs", "read_customers"]
