"""Keep copies of API keys in API Gateway. Only the command line uses it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_apigateway import APIGatewayClient


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiGatewayKeys:
    """The keys in API Gateway, with a usage plan for each plan."""

    client: APIGatewayClient
    usage_plan_ids: Mapping[str, str]

    def create(self, api_key: str, *, name: str, plan: str) -> str:
        """Create a key in a plan's usage plan and return its id."""
        created = self.client.create_api_key(name=name, value=api_key, enabled=True)
        try:
            self.client.create_usage_plan_key(
                usagePlanId=self.usage_plan_ids[plan], keyId=created["id"], keyType="API_KEY"
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
        for other in self.usage_plan_ids.keys() - {plan}:
            with contextlib.suppress(errors.NotFoundException):
                self.client.delete_usage_plan_key(
                    usagePlanId=self.usage_plan_ids[other], keyId=gateway_key_id
                )
        with contextlib.suppress(errors.ConflictException):
            self.client.create_usage_plan_key(
                usagePlanId=self.usage_plan_ids[plan], keyId=gateway_key_id, keyType="API_KEY"
            )

    def delete(self, gateway_key_id: str) -> None:
        """Delete a key; one that is gone already is fine."""
        try:
            self.client.delete_api_key(apiKey=gateway_key_id)
        except self.client.exceptions.NotFoundException:
            return
