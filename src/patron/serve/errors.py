"""ApiError: an answer that is not a score, in the one form that all of them have."""

__all__ = ["ApiError"]

from typing import Any


class ApiError(Exception):
    """A request that cannot be answered.

    Parameters
    ----------
    status : the HTTP status.
    code : a short word that a program can rely on.
    message : a sentence for a person; it never carries a value of the rows.
    column, row : the place in the request, where there is one; rows are counted from 0.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        column: str | None = None,
        row: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.column = column
        self.row = row

    def to_dict(self) -> dict[str, Any]:
        """The body of the answer."""
        return {
            "error": {
                "code": self.code,
                "message": str(self),
                "column": self.column,
                "row": self.row,
            }
        }
