"""Refusals in the form that ConnectWise gives them [seen]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.shared.messages import Response, json_response


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of `errors` in an error body."""

    code: str
    message: str
    resource: str
    field: str


class Refusal(Exception):  # noqa: N818  # a name for what the API does
    """A response with an error status. It is part of the API's behaviour, not a failure of the sandbox."""

    def __init__(self, status: int, code: str, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.problems = problems

    @property
    def body(self) -> dict[str, Any]:
        """Return the error object as ConnectWise sends it."""
        body: dict[str, Any] = {"code": self.code, "message": str(self)}
        if self.problems:
            body["errors"] = [
                {"code": each.code, "message": each.message, "resource": each.resource, "field": each.field}
                for each in self.problems
            ]
        return body

    def response(self) -> Response:
        """Return the refusal as an HTTP response."""
        return json_response(self.status, self.body)


def invalid_object(resource: str, problems: list[Problem]) -> Refusal:
    """Return a 400: the body is not a valid object."""
    return Refusal(400, "InvalidObject", f"{resource} object is invalid", tuple(problems))


def not_found(resource: str, key: object) -> Refusal:
    """Return a 404: there is no object with this id."""
    return Refusal(404, "NotFound", f"{resource[:1].upper()}{resource[1:]} {key} not found")


def no_endpoint() -> Refusal:
    """Return a 404: there is no such route."""
    return Refusal(404, "ConnectWiseApi", "The endpoint does not exist.")


def bad_query(message: str) -> Refusal:
    """Return a 400: a query parameter is invalid."""
    return Refusal(400, "InvalidArgument", message)


def in_use(resource: str, key: object, by: str) -> Refusal:
    """Return a 409: the object cannot be deleted, because another one uses it."""
    return Refusal(409, "ObjectInUse", f"{resource} {key} cannot be deleted because it is in use by {by}")
