"""Test that the REST API keeps the contract."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from infra.synth import synthesize
from leanpix import contract
from leanpix.contract import Access

if TYPE_CHECKING:
    from pathlib import Path

    from tests.infra.conftest import Template


def resource_paths(template: Template) -> dict[str, str]:
    """Return each resource's path by its logical id."""
    resources = template.of_type("AWS::ApiGateway::Resource")

    def path_of(logical_id: str) -> str:
        parent = resources[logical_id]["ParentId"]
        above = path_of(parent["Ref"]) if "Ref" in parent else ""
        return f"{above}/{resources[logical_id]['PathPart']}"

    return {logical_id: path_of(logical_id) for logical_id in resources}


def methods(template: Template) -> dict[tuple[str, str], dict[str, Any]]:
    """Return each method's properties by its verb and path."""
    paths = resource_paths(template)
    return {
        (method["HttpMethod"], paths.get(method["ResourceId"].get("Ref"), "/")): method
        for method in template.of_type("AWS::ApiGateway::Method").values()
    }


def test_the_api_has_the_routes_of_the_contract_their_preflights_and_a_refusal_of_the_rest(
    template: Template, doorless: Template
) -> None:
    routes = {(route.method, route.path) for route in contract.ROUTES}
    others = {(verb, route.path) for route in contract.ROUTES for verb in ("OPTIONS", "ANY")}
    assert set(methods(doorless)) == routes | others
    # CloudFront asks there for what S3 has not.
    for_files = {(verb, path) for path in contract.FILE_ORIGIN_PATHS for verb in ("GET", "HEAD")}
    assert set(methods(template)) == routes | others | for_files


def test_a_method_that_a_path_has_not_needs_no_key(template: Template) -> None:
    for (verb, _), method in methods(template).items():
        if verb == "ANY":
            assert (method["ApiKeyRequired"], method["AuthorizationType"]) == (False, "NONE")
            assert method["Integration"]["Type"] == "AWS_PROXY"


@pytest.mark.parametrize("route", contract.ROUTES, ids=lambda route: f"{route.method}{route.path}")
def test_a_route_asks_for_a_key_where_the_contract_does(
    template: Template, route: contract.Route
) -> None:
    method = methods(template)[route.method, route.path]
    needs_key = route.access is not Access.PUBLIC
    # API Gateway's own check knows keys in X-API-KEY alone.
    checks_key = needs_key and route.access not in contract.BASIC_ACCESSES
    assert method["ApiKeyRequired"] is checks_key
    assert method["AuthorizationType"] == ("CUSTOM" if needs_key else "NONE")
    assert ("AuthorizerId" in method) is needs_key


@pytest.mark.parametrize("route", contract.ROUTES, ids=lambda route: f"{route.method}{route.path}")
def test_a_route_is_served_by_its_function(template: Template, route: contract.Route) -> None:
    integration = methods(template)[route.method, route.path]["Integration"]
    served_by = [
        template.body["Resources"][alias["FunctionName"]["Ref"]]["Properties"]["FunctionName"]
        for name, alias in template.of_type("AWS::Lambda::Alias").items()
        if name in json.dumps(integration)
    ]
    assert integration["Type"] == "AWS_PROXY"
    assert served_by == [f"leanpix-dev-{route.function}"]


def test_every_method_waits_for_as_long_as_the_setting_says(
    template: Template, production: Template
) -> None:
    for which, milliseconds in ((template, 29_000), (production, 125_000)):
        timeouts = {
            method["Integration"]["TimeoutInMillis"]
            for (verb, _), method in methods(which).items()
            if verb != "OPTIONS"
        }
        assert timeouts == {milliseconds}


def test_a_missing_key_is_refused_before_the_authorizer_is_asked(template: Template) -> None:
    (authorizer,) = (
        authorizer
        for authorizer in template.of_type("AWS::ApiGateway::Authorizer").values()
        if authorizer.get("IdentitySource")
    )
    assert authorizer["Type"] == "REQUEST"
    assert authorizer["IdentitySource"] == "method.request.header.X-API-KEY"
    assert authorizer["AuthorizerResultTtlInSeconds"] == contract.AUTHORIZER_CACHE_SECONDS


def test_where_a_missing_key_is_a_401_the_authorizer_is_asked_each_time(
    template: Template,
) -> None:
    (authorizer,) = (
        authorizer
        for authorizer in template.of_type("AWS::ApiGateway::Authorizer").values()
        # An empty one is reported to be refused.
        if "IdentitySource" not in authorizer
    )
    assert authorizer["AuthorizerResultTtlInSeconds"] == 0


def test_the_gateway_makes_no_trace_since_a_called_path_may_hold_a_key(
    template: Template, production: Template
) -> None:
    for which in (template, production):
        assert not which.one("AWS::ApiGateway::Stage").get("TracingEnabled")


def test_the_access_log_holds_no_key_no_query_and_no_path_that_is_a_right(
    template: Template,
) -> None:
    setting = template.one("AWS::ApiGateway::Stage")["AccessLogSetting"]
    named = set(re.findall(r"\$context\.[\w.]+", setting["Format"]))
    assert "$context.status" in named
    assert "$context.requestId" in named
    for secret in ("$context.identity.apiKey", "$context.path", "$input", "$context.authorizer.k"):
        assert secret not in named
    assert "query" not in setting["Format"].lower()
    assert json.loads(setting["Format"])["route"] == "$context.resourcePath"


def test_access_logs_can_be_left_to_an_account_whose_logging_role_is_not_ours(
    tmp_path: Path,
) -> None:
    path = synthesize(tmp_path, {"access_logs": "false"})
    text = path.read_text(encoding="utf-8")
    assert "AccessLogSetting" not in text
    assert "AWS::ApiGateway::Account" not in text


def test_the_api_takes_keys_from_the_header_and_any_binary_body(template: Template) -> None:
    api = template.one("AWS::ApiGateway::RestApi")
    assert api["ApiKeySourceType"] == "HEADER"
    assert api["BinaryMediaTypes"] == ["*/*"]
    assert api["EndpointConfiguration"]["Types"] == ["REGIONAL"]


@pytest.mark.parametrize("kind", contract.GATEWAY_RESPONSES)
def test_an_error_that_the_gateway_makes_has_our_code_and_envelope(
    production: Template, kind: str
) -> None:
    (response,) = (
        response
        for response in production.of_type("AWS::ApiGateway::GatewayResponse").values()
        if response["ResponseType"] == kind
    )
    name = contract.GATEWAY_RESPONSES[kind]
    error = contract.ERRORS[name]
    body = json.loads(response["ResponseTemplates"]["application/json"])
    headers = response["ResponseParameters"]
    assert response["StatusCode"] == str(error.status)
    assert body == contract.render_gateway_body(name, site_url="https://images.example.org")
    assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    retry_after = headers.get("gatewayresponse.header.Retry-After")
    assert (retry_after is None) is (error.retry_after_seconds is None)


def test_a_template_of_a_gateway_response_holds_nothing_that_the_gateway_would_fill_in(
    template: Template,
) -> None:
    for response in template.of_type("AWS::ApiGateway::GatewayResponse").values():
        assert "$" not in response["ResponseTemplates"]["application/json"]


def test_every_plan_holds_a_key_to_the_documented_rate_of_each_method(template: Template) -> None:
    plans = template.of_type("AWS::ApiGateway::UsagePlan").values()
    expected = {
        f"{route.path}/{route.method}": {
            "BurstLimit": route.requests_per_minute,
            "RateLimit": route.requests_per_minute / 60,
        }
        for route in contract.ROUTES
        if route.access is not Access.PUBLIC and route.requests_per_minute
    }
    assert {plan["UsagePlanName"] for plan in plans} == {
        f"leanpix-dev-{name}" for name in contract.PLANS
    }
    for plan in plans:
        (stage,) = plan["ApiStages"]
        assert stage["Throttle"] == expected


def public_rates(template: Template) -> dict[tuple[str, str], float]:
    """Return the rates of the stage's methods, in calls a second."""
    return {
        (setting["ResourcePath"], setting["HttpMethod"]): setting["ThrottlingRateLimit"]
        for setting in template.one("AWS::ApiGateway::Stage")["MethodSettings"]
    }


def test_a_route_without_a_key_is_throttled_over_all_callers(production: Template) -> None:
    """By its document's rate, or where it has none by the setting's."""
    rates = public_rates(production)
    for route in contract.ROUTES:
        if route.access is Access.PUBLIC:
            wanted = route.requests_per_minute / 60 if route.requests_per_minute else 50
            # Of the root no more than the first slash is there.
            resource = f"/{route.path.replace('/', '~1')}".removesuffix("/~1") or "/"
            assert rates.pop((resource, route.method)) == wanted
    for path in contract.FILE_ORIGIN_PATHS:
        for method in ("GET", "HEAD"):
            assert rates.pop(("/" + path.replace("/", "~1"), method)) == 50
    assert not rates


def test_a_preflight_lets_a_browser_send_its_key_but_no_credentials(template: Template) -> None:
    for (verb, _), method in methods(template).items():
        if verb != "OPTIONS":
            continue
        (response,) = method["Integration"]["IntegrationResponses"]
        headers = response["ResponseParameters"]
        prefix = "method.response.header.Access-Control-Allow-"
        assert headers[f"{prefix}Origin"] == "'*'"
        assert "X-API-KEY" in headers[f"{prefix}Headers"]
        assert f"{prefix}Credentials" not in headers
        # Without it, an API with binary media type */* answers its own mock with 500.
        assert method["Integration"]["ContentHandling"] == "CONVERT_TO_TEXT"


def test_the_outputs_are_those_that_the_command_line_reads(
    template: Template, production: Template
) -> None:
    plans = {contract.usage_plan_output(plan) for plan in contract.PLANS}
    assert set(production.body["Outputs"]) == {*contract.OutputName, *plans}
    assert set(template.body["Outputs"]) == set(production.body["Outputs"])


def test_without_a_front_door_clients_are_told_the_domain(doorless: Template) -> None:
    assert doorless.body["Outputs"]["BaseUrl"]["Value"] == "https://api.example.org"


def test_the_stages_own_url_goes_on_to_answer(template: Template) -> None:
    generated = json.dumps(template.body["Outputs"]["StageUrl"]["Value"])
    assert ".execute-api." in generated
    assert generated.count("/dev") == 1


def test_a_custom_domain_has_its_certificate_and_leads_to_the_stage(doorless: Template) -> None:
    domain = doorless.one("AWS::ApiGateway::DomainName")
    assert domain["DomainName"] == "api.example.org"
    assert domain["RegionalCertificateArn"].startswith("arn:aws:acm:eu-central-1:")
    assert domain["SecurityPolicy"] == "TLS_1_2"
    mapping = doorless.one("AWS::ApiGateway::BasePathMapping")
    assert "BasePath" not in mapping
    assert mapping["Stage"]["Ref"]
