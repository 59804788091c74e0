"""Test the distribution before a stage, and what is true without one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.settings import SettingError, Settings
from leanpix import contract
from tests.infra.conftest import Template

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-0"


def config(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = template.one("AWS::CloudFront::Distribution")["DistributionConfig"]
    return found


def policy(template: Template, behavior: dict[str, Any]) -> dict[str, Any]:
    name = behavior["CachePolicyId"]["Ref"]
    found: dict[str, Any] = template.body["Resources"][name]["Properties"]["CachePolicyConfig"]
    return found


def test_links_in_answers_lead_to_the_front_door(template: Template) -> None:
    url = json.dumps(template.body["Outputs"]["BaseUrl"]["Value"])
    (distribution,) = template.of_type("AWS::CloudFront::Distribution")
    assert distribution in url
    told = template.function("result")["Environment"]["Variables"]["LEANPIX_BASE_URL"]
    assert told == template.body["Outputs"]["BaseUrl"]["Value"]
    assert "/dev" not in url


def test_a_domain_is_what_clients_are_told(production: Template) -> None:
    assert production.body["Outputs"]["BaseUrl"]["Value"] == "https://api.example.org"
    found = config(production)
    assert found["Aliases"] == ["api.example.org"]
    assert found["ViewerCertificate"]["AcmCertificateArn"] == CERTIFICATE
    assert found["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"


def test_a_hosted_zone_gets_records_that_an_apex_may_have(production: Template) -> None:
    records = production.of_type("AWS::Route53::RecordSet").values()
    assert {record["Type"] for record in records} == {"A", "AAAA"}
    for record in records:
        assert record["Name"] == "api.example.org."
        assert record["AliasTarget"]["HostedZoneId"] == "Z2FDTNDATAQYW2"


def test_a_web_acl_stands_before_it_where_one_is_named(
    template: Template, production: Template
) -> None:
    assert "webacl/strict" in config(production)["WebACLId"]
    assert "WebACLId" not in config(template)


def test_the_api_gets_everything_but_the_host_and_is_not_cached(template: Template) -> None:
    behavior = config(template)["DefaultCacheBehavior"]
    assert set(behavior["AllowedMethods"]) >= {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    # "AllViewerExceptHostHeader", a managed policy.
    assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    found = policy(template, behavior)
    assert (found["MinTTL"], found["DefaultTTL"], found["MaxTTL"]) == (0, 0, 1)


def test_an_error_that_is_kept_for_a_second_is_kept_for_one_key(template: Template) -> None:
    found = config(template)
    assert {each["ErrorCachingMinTTL"] for each in found["CustomErrorResponses"]} == {1}
    key = policy(template, found["DefaultCacheBehavior"])
    parameters = key["ParametersInCacheKeyAndForwardedToOrigin"]
    assert set(parameters["HeadersConfig"]["Headers"]) == {"X-API-KEY", "Authorization"}
    assert parameters["QueryStringsConfig"]["QueryStringBehavior"] == "all"


def test_files_come_from_s3_first_and_from_the_api_where_s3_has_none(template: Template) -> None:
    found = config(template)
    assert {each["PathPattern"] for each in found["CacheBehaviors"]} == {
        "/image/*",
        "/direct-file/*",
    }
    (group,) = found["OriginGroups"]["Items"]
    first, second = (member["OriginId"] for member in group["Members"]["Items"])
    origins = {origin["Id"]: origin for origin in found["Origins"]}
    assert origins[first]["S3OriginConfig"] == {"OriginAccessIdentity": ""}
    assert origins[first]["OriginAccessControlId"]
    assert origins[second]["OriginPath"] == "/dev"
    assert {403, 404, 416} <= set(group["FailoverCriteria"]["StatusCodes"]["Items"])
    for behavior in found["CacheBehaviors"]:
        assert behavior["TargetOriginId"] == group["Id"]
        assert behavior["Compress"] is False


def test_only_this_distribution_may_read_the_bucket(template: Template) -> None:
    statements = template.one("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    allowed = [each for each in statements if each["Effect"] == "Allow"]
    (statement,) = allowed
    assert statement["Action"] == "s3:GetObject"
    (distribution,) = template.of_type("AWS::CloudFront::Distribution")
    condition = json.dumps(statement["Condition"]["StringEquals"])
    assert "AWS:SourceArn" in condition
    assert distribution in condition


def test_files_have_the_headers_that_functions_send(template: Template) -> None:
    found = template.one("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    security = found["SecurityHeadersConfig"]
    policy_text = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert policy_text == contract.FILE_SECURITY_POLICY
    seconds = security["StrictTransportSecurity"]["AccessControlMaxAgeSec"]
    assert contract.SECURITY_HEADERS["Strict-Transport-Security"] == f"max-age={seconds}"
    assert (
        contract.SECURITY_HEADERS["Referrer-Policy"]
        == security["ReferrerPolicy"]["ReferrerPolicy"]
    )
    assert len(contract.SECURITY_HEADERS) == len(security)
    (cors,) = found["CustomHeadersConfig"]["Items"]
    assert (cors["Header"], cors["Value"]) == ("Access-Control-Allow-Origin", "*")


def test_no_cache_keeps_a_file_longer_than_it_is_kept(production: Template) -> None:
    behavior = config(production)["CacheBehaviors"][0]
    found = policy(production, behavior)
    assert (found["MinTTL"], found["DefaultTTL"]) == (0, 0)
    assert found["MaxTTL"] == 30 * 86_400


def test_names_without_a_region_hold_the_region(template: Template) -> None:
    """CloudFront has none, and the same stage may stand in two of them."""
    for kind, key in (
        ("AWS::CloudFront::Function", ""),
        ("AWS::CloudFront::CachePolicy", "CachePolicyConfig"),
        ("AWS::CloudFront::ResponseHeadersPolicy", "ResponseHeadersPolicyConfig"),
        ("AWS::CloudFront::OriginAccessControl", "OriginAccessControlConfig"),
    ):
        for properties in template.of_type(kind).values():
            name = (properties[key] if key else properties)["Name"]
            assert {"Ref": "AWS::Region"} in name["Fn::Join"][1]


def test_http_3_is_on(template: Template) -> None:
    assert config(template)["HttpVersion"] == "http2and3"


def test_without_a_front_door_there_is_none(doorless: Template) -> None:
    kinds = {resource["Type"] for resource in doorless.body["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith("AWS::CloudFront::")]
    paths = {each["PathPart"] for each in doorless.of_type("AWS::ApiGateway::Resource").values()}
    assert "{proxy+}" not in paths


def test_a_held_poll_ends_before_cloudfront_gives_up() -> None:
    settings = Settings.from_context({"integration_timeout_seconds": "125"})
    assert settings.poll_timeout_seconds == 60
    without = Settings.from_context({"integration_timeout_seconds": "125", "front_door": "false"})
    assert without.poll_timeout_seconds == 125


@pytest.mark.parametrize(
    ("context", "named"),
    [
        (
            {
                "domain_name": "a.example.org",
                "certificate_arn": CERTIFICATE.replace("us-east-1", "eu-central-1"),
            },
            "certificate_arn",
        ),
        ({"hosted_zone_id": "Z0123456789"}, "hosted_zone_id"),
        (
            {
                "front_door": "false",
                "web_acl_arn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/12345678-0",
            },
            "web_acl_arn",
        ),
        ({"web_acl_arn": "arn:aws:wafv2:eu-west-1:1:regional/webacl/a/1"}, "web_acl_arn"),
    ],
)
def test_a_setting_that_cloudfront_cannot_use_is_named(
    context: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingError, match=f"setting {named}"):
        Settings.from_context(context)
