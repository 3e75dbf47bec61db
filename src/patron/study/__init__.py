"""The Study: patron.toml as frozen, validated objects, one a section."""

__all__ = [
    "AuditSection",
    "BudgetSection",
    "CampaignSection",
    "Capacity",
    "Costs",
    "EventsSection",
    "FixSection",
    "FixedWidth",
    "FormatOptions",
    "IgnoredFinding",
    "PurchaseSection",
    "RunSection",
    "SegmentsSection",
    "SpendSection",
    "SplitSection",
    "Study",
    "TableSection",
    "propose",
]

from patron.study.propose import propose
from patron.study.sections import (
    AuditSection,
    BudgetSection,
    CampaignSection,
    Capacity,
    Costs,
    EventsSection,
    FixedWidth,
    FixSection,
    FormatOptions,
    IgnoredFinding,
    PurchaseSection,
    RunSection,
    SegmentsSection,
    SpendSection,
    SplitSection,
    TableSection,
)
from patron.study.study import Study
