"""Test what the operator's keys ask of API Gateway: its usage plans count them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from leanpix.adapters.api_gateway import ApiGatewayKeys

FREE, PRO = "plan-1", "plan-2"


@dataclass
class Gateway:
    """The keys, and API Gateway's answers to come, in their order."""

    keys: ApiGatewayKeys
    stubber: Stubber

    def expect(self, call: str, request: dict[str, Any], answer: dict[str, Any]) -> None:
        self.stubber.add_response(call, answer, request)

    def expect_refusal(self, call: str, request: dict[str, Any], code: str) -> None:
        self.stubber.add_client_error(call, code, expected_params=request)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Yield the keys; in the end every answer must have been asked for."""
    client = boto3.client(
        "apigateway",
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    with Stubber(client) as stubber:
        keys = ApiGatewayKeys(
            client=client, find_usage_plan_ids=lambda: {"free": FREE, "pro": PRO}
        )
        yield Gateway(keys, stubber)
        stubber.assert_no_pending_responses()
    client.close()


def joins(plan_id: str) -> dict[str, Any]:
    return {"usagePlanId": plan_id, "keyId": "k1", "keyType": "API_KEY"}


MADE = {"name": "ada", "value": "secret", "enabled": True}


def test_a_key_joins_its_plan_and_is_known_by_its_id(gateway: Gateway) -> None:
    gateway.expect("create_api_key", MADE, {"id": "k1"})
    gateway.expect("create_usage_plan_key", joins(FREE), {})
    assert gateway.keys.create("secret", name="ada", plan="free") == "k1"


def test_a_key_that_gets_into_no_plan_is_deleted(gateway: Gateway) -> None:
    gateway.expect("create_api_key", MADE, {"id": "k1"})
    gateway.expect_refusal("create_usage_plan_key", joins(FREE), "LimitExceededException")
    gateway.expect("delete_api_key", {"apiKey": "k1"}, {})
    with pytest.raises(ClientError, match="LimitExceeded"):
        gateway.keys.create("secret", name="ada", plan="free")


def test_a_moved_key_leaves_the_other_plan_first(gateway: Gateway) -> None:
    gateway.expect("delete_usage_plan_key", {"usagePlanId": FREE, "keyId": "k1"}, {})
    gateway.expect("create_usage_plan_key", joins(PRO), {})
    gateway.keys.move("k1", plan="pro")


def test_a_move_that_was_cut_off_is_made_again(gateway: Gateway) -> None:
    request = {"usagePlanId": FREE, "keyId": "k1"}
    gateway.expect_refusal("delete_usage_plan_key", request, "NotFoundException")
    gateway.expect_refusal("create_usage_plan_key", joins(PRO), "ConflictException")
    gateway.keys.move("k1", plan="pro")


def test_a_key_that_is_gone_is_deleted_already(gateway: Gateway) -> None:
    gateway.expect_refusal("delete_api_key", {"apiKey": "k1"}, "NotFoundException")
    gateway.keys.delete("k1")
