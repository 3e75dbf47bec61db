"""Words of columns' names: which axis a name says, and what rather describes customers."""

__all__ = ["against", "describes", "dimension_of"]

from patron.schema import Role

# The first that fits decides: "days since the last return" is on returns, not on recency.
_DESCRIBES = {
    "says who they are, not what they do": {
        *("age", "income", "salary", "household", "children", "child", "kids", "family", "gender"),
        *("education", "latitude", "longitude", "lat", "lon", "zip", "population", "birth"),
    },
    "says how long they have been customers": {
        *("tenure", "signup", "registration", "registered", "joined", "enrolled", "enrollment"),
        *("membership", "anniversary", "first"),
    },
    "says how or when they do it, not how much": {
        *("night", "evening", "morning", "weekend", "weekday", "mobile", "desktop", "online"),
        *("trend", "variation", "growth", "change", "volatility", "std", "stddev", "variance"),
    },
}
_WORDS: dict[str, set[str]] = {
    "returns": {
        *("return", "returns", "returned", "refund", "refunds", "refunded", "ticket", "tickets"),
        *("complaint", "complaints", "support", "claim", "claims", "cancellation", "cancelled"),
        *("cancellations", "chargeback", "chargebacks", "nps", "csat", "satisfaction"),
    },
    "discount": {
        *("discount", "discounts", "discounted", "coupon", "coupons", "promo", "promos"),
        *("promotion", "promotions", "voucher", "vouchers", "bargain", "markdown", "deal"),
        *("deals", "cashback", "sale"),
    },
    "recency": {"recency", "quiet", "inactive", "dormant", "idle", "since", "ago", "lapsed"},
    "engagement": {
        *("session", "sessions", "visit", "visits", "visited", "view", "views", "pageviews"),
        *("page", "pages", "click", "clicks", "clicked", "open", "opens", "opened", "email"),
        *("emails", "mail", "mails", "newsletter", "push", "pushes", "app", "login", "logins"),
        *("search", "searches", "cart", "carts", "wishlist", "wishes", "browse", "browsing"),
        *("duration", "dwell", "web", "website", "site", "engagement", "impressions", "sms"),
        *("notification", "notifications", "reviews", "likes", "affinity", "reads", "ctr"),
    },
    "value": {
        *("spend", "spending", "spent", "revenue", "order", "orders", "purchase", "purchases"),
        *("basket", "baskets", "aov", "amount", "monetary", "value", "ltv", "clv", "frequency"),
        *("unit", "units", "item", "items", "quantity", "categories", "departments", "products"),
        *("transactions", "sales", "gmv", "profit", "margin", "turnover", "paid", "bought"),
        *("gap", "active", "price", "lines", "history", "invoices", "receipts", "money"),
    },
}
_AGAINST = {
    *("since", "ago", "recency", "quiet", "inactive", "dormant", "idle", "lapsed", "gap"),
    *("abandonment", "abandoned", "unsubscribed", "unsubscribes", "bounce", "bounced", "nps"),
    *("csat", "satisfaction"),
}
"""A column with one of these words falls where its axis rises."""
_LATELY = {"last", "latest", "recent"}
_TIMES = {"date", "day", "time"}
_AMOUNTS = (Role.MONEY, Role.RATE)


def describes(of_name: tuple[str, ...], role: Role) -> str | None:
    """Why a column describes customers and does not group them, if its name says so."""
    if role == Role.DATE and not _LATELY & set(of_name):
        return "a date that does not say when they were last here"
    if of_name[-1:] == ("since",) or {"customer", "since"} <= set(of_name):
        return "says how long they have been customers"  # "member_since"
    for because, vocabulary in _DESCRIBES.items():
        if vocabulary & set(of_name):
            return because
    return None


def dimension_of(of_name: tuple[str, ...], role: Role) -> tuple[str, str] | None:
    """The axis that a name says, and the word that says it.

    A date of the last something, or the number of such a day, says how lately it was.
    """
    timed = role == Role.DATE or (role not in _AMOUNTS and bool(_TIMES & set(of_name)))
    for dimension, vocabulary in _WORDS.items():
        known = vocabulary | _LATELY if dimension == "recency" and timed else vocabulary
        if said := next((word for word in of_name if word in known), None):
            return dimension, said
    return None


def against(of_name: tuple[str, ...], role: Role) -> bool:
    """Whether more of the column is less of its axis; a date counts the days since."""
    return role == Role.DATE or bool(_AGAINST & set(of_name))
