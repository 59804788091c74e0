"""Keep copies of API keys in API Gateway, for the command line and the keys of an account."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.contract import PLANS, usage_plan_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_apigateway import APIGatewayClient


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiGatewayKeys:
    """The keys in API Gateway, with a usage plan for each plan."""

    client: APIGatewayClient
    find_usage_plan_ids: Callable[[], Mapping[str, str]]
    """A function that returns the ids of the usage plans, by plan."""

    def create(self, api_key: str, *, name: str, plan: str) -> str:
        """Create a key in a plan's usage plan and return its id."""
        usage_plan_id = self.find_usage_plan_ids()[plan]
        created = self.client.create_api_key(name=name, value=api_key, enabled=True)
        try:
            self.client.create_usage_plan_key(
                usagePlanId=usage_plan_id, keyId=created["id"], keyType="API_KEY"
            )
        except BaseException:
            self.delete(created["id"])
            raise
        return created["id"]

    def move(self, gateway_key_id: str, *, plan: str) -> None:
        """Count a key's requests by another plan's usage plan.

        A key can be in one usage plan of an API alone: it is taken out of the others first, and is
        refused until it is in the new one.
        """
        errors = self.client.exceptions
        ids = self.find_usage_plan_ids()
        for other in ids.keys() - {plan}:
            with contextlib.suppress(errors.NotFoundException):
                self.client.delete_usage_plan_key(usagePlanId=ids[other], keyId=gateway_key_id)
        with contextlib.suppress(errors.ConflictException):
            self.client.create_usage_plan_key(
                usagePlanId=ids[plan], keyId=gateway_key_id, keyType="API_KEY"
            )

    def delete(self, gateway_key_id: str) -> None:
        """Delete a key; one that is gone already is fine."""
        try:
            self.client.delete_api_key(apiKey=gateway_key_id)
        except self.client.exceptions.NotFoundException:
            return


def find_usage_plans(client: APIGatewayClient, *, stack: str) -> dict[str, str]:
    """Return the ids of a stack's usage plans, by plan.

    A function cannot be told them: they wait for the stage, the stage for the routes, and the
    routes for the functions.
    """
    pages = client.get_paginator("get_usage_plans").paginate()
    ids = {str(item["name"]): item["id"] for page in pages for item in page["items"]}
    return {plan: ids[usage_plan_name(stack, plan)] for plan in PLANS}
