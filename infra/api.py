"""Build the REST API from the contract: routes, keys, rates, and the gateway's own errors."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from aws_cdk import Aws, Duration, Fn, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.settings import FEW_SLOTS_HOLD_SECONDS, Settings
from infra.storage import removal_policy
from leanpix import contract
from leanpix.contract import Access, Route

_SECONDS_PER_MINUTE: Final = 60
HOLDING: Final = frozenset({"result", "tinify_shrink", "tinify_output"})
"""The functions that hold calls until an image has ended."""
_FILE_FUNCTION: Final = "image"
_FILE_METHODS: Final = tuple(itertools.product(contract.FILE_ORIGIN_PATHS, ("GET", "HEAD")))
_REFUSING_FUNCTION: Final = "health"
"""The function that answers 405 to the methods that a path has not; it needs no rights."""
ACCESS_LOG: Final[Mapping[str, str]] = MappingProxyType(
    {
        "correlation_id": "$context.requestId",
        "at": "$context.requestTimeEpoch",
        "ip": "$context.identity.sourceIp",
        "method": "$context.httpMethod",
        # The route, not the path: the id in a result's path is the right to download it.
        "route": "$context.resourcePath",
        "status": "$context.status",
        "refused": "$context.error.responseType",
        "account_id": "$context.authorizer.accountId",
        "bytes": "$context.responseLength",
        "milliseconds": "$context.responseLatency",
        "function_status": "$context.integration.integrationStatus",
    }
)
"""A line of the access log: no key, no query, no file name.

See "Variables for access logging for API Gateway".
"""


class Api(Construct):
    """One resource tree, one deployment, one stage; a usage plan per plan."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        """Create the API without routes: functions need its URL before routes need functions."""
        super().__init__(scope, construct_id)
        self._settings = settings
        self.rest_api = apigateway.RestApi(
            self,
            "RestApi",
            rest_api_name=contract.stack_name(settings.stage),
            description="Leanpix image optimization",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            api_key_source_type=apigateway.ApiKeySourceType.HEADER,
            # Images travel both ways. Everything counts as binary, since API Gateway decides
            # by the Accept header, and real clients send any.
            binary_media_types=["*/*"],
            cloud_watch_role=settings.access_logs,
            cloud_watch_role_removal_policy=(
                RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if settings.access_logs else None
            ),
            deploy_options=self._stage_options(),
        )
        # An output with a name of its own making; ours are in the contract.
        self.rest_api.node.try_remove_child("Endpoint")
        self._add_gateway_responses()
        self.usage_plans: Mapping[str, apigateway.UsagePlan] = {}
        has_domain = settings.domain_name and not settings.front_door
        self.domain = self._domain() if has_domain else None

    def _stage_options(self) -> apigateway.StageOptions:
        settings = self._settings
        rates = _public_rates(settings)
        if settings.has_few_slots:
            rates |= _held_rates(contract.ROUTES, held=settings.held_polls)
        destination = log_format = None
        if settings.access_logs:
            log_group = logs.LogGroup(
                self,
                "AccessLogs",
                retention=logs.RetentionDays[settings.log_retention_days.name],
                removal_policy=removal_policy(settings),
            )
            destination = apigateway.LogGroupLogDestination(log_group)
            log_format = apigateway.AccessLogFormat.custom(json.dumps(dict(ACCESS_LOG)))
        return apigateway.StageOptions(
            stage_name=settings.stage,
            method_options=rates,
            # Its segments would hold the called path, which is a key in GET /keys/{key}. A trace
            # begins in the function instead.
            tracing_enabled=False,
            access_log_destination=destination,
            access_log_format=log_format,
        )

    @property
    def host(self) -> str:
        """The host name of the API.

        Names the API alone, not its stage: the stage waits for the routes, the routes for the
        functions, and the functions for the URL of their links.
        """
        return Fn.sub(
            "${Api}.execute-api.${Region}.${Suffix}",
            {
                "Api": self.rest_api.rest_api_id,
                "Region": Aws.REGION,
                "Suffix": Aws.URL_SUFFIX,
            },
        )

    @property
    def stage_url(self) -> str:
        """API Gateway's own URL of the API, which answers whatever stands before it."""
        return f"https://{self.host}/{self._settings.stage}"

    def add_routes(
        self, *, functions: Mapping[str, lambda_.IFunction], authorizer: lambda_.IFunction
    ) -> None:
        """Serve every route of the contract, and make the usage plans that limit them."""
        integrations = {
            name: apigateway.LambdaIntegration(
                function,
                timeout=Duration.seconds(self._settings.integration_timeout_seconds),
                allow_test_invoke=False,
                # One permission a function, not one a method: a stack holds 500 resources.
                scope_permission_to_method=False,
            )
            for name, function in functions.items()
        }
        authorizers = self._authorizers(authorizer)
        methods: dict[Route, apigateway.Method] = {}
        verbs_by_path: dict[str, set[str]] = defaultdict(set)
        for route in contract.ROUTES:
            has_key = route.access is not Access.PUBLIC
            methods[route] = self._resource(route.path).add_method(
                route.method,
                integrations[route.function],
                # API Gateway knows keys in X-API-KEY alone.
                api_key_required=has_key and route.access not in contract.BASIC_ACCESSES,
                authorizer=authorizers.get(route.access),
                authorization_type=_authorization(has_key=has_key),
            )
            verbs_by_path[route.path].add(route.method)
        for path, verbs in verbs_by_path.items():
            self._answer_preflight(self._resource(path), verbs)
            # Not by a mock, which reads a template for each Content-Type that a body may have.
            self._resource(path).add_method(
                "ANY", integrations[_REFUSING_FUNCTION], api_key_required=False
            )
        if self._settings.front_door:
            self._answer_for_files(integrations[_FILE_FUNCTION])
        self.usage_plans = {name: self._usage_plan(name, methods) for name in contract.PLANS}
        if self.domain:
            self.domain.add_base_path_mapping(self.rest_api, stage=self.rest_api.deployment_stage)

    def _answer_for_files(self, integration: apigateway.Integration) -> None:
        """Answer where CloudFront asks for a file that S3 has not."""
        for path, method in _FILE_METHODS:
            self._resource(path).add_method(method, integration, api_key_required=False)

    def _domain(self) -> apigateway.DomainName:
        """Return the custom host name; its owner points it at the output `DomainTarget`."""
        certificate = acm.Certificate.from_certificate_arn(
            self, "Certificate", self._settings.certificate_arn
        )
        return apigateway.DomainName(
            self,
            "Domain",
            domain_name=self._settings.domain_name,
            certificate=certificate,
            endpoint_type=apigateway.EndpointType.REGIONAL,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )

    def _authorizers(
        self, handler: lambda_.IFunction
    ) -> Mapping[Access, apigateway.RequestAuthorizer]:
        """Return who lets a call to a route pass, by the route's access.

        One function decides; what differs is whether it is asked about a call without a key.
        """
        by_key = apigateway.RequestAuthorizer(
            self,
            "KeyAuthorizer",
            handler=handler,
            # A call without the header is refused here: UNAUTHORIZED, our 465.
            identity_sources=[apigateway.IdentitySource.header(contract.API_KEY_HEADER)],
            results_cache_ttl=Duration.seconds(contract.AUTHORIZER_CACHE_SECONDS),
        )
        by_any_call = apigateway.RequestAuthorizer(
            self,
            "AnyCallAuthorizer",
            handler=handler,
            # Asked about every call, so there is no key to cache its answer under.
            identity_sources=[],
            results_cache_ttl=Duration.seconds(0),
        )
        resource = by_any_call.node.default_child
        if isinstance(resource, apigateway.CfnAuthorizer):
            # The CDK writes an empty text, which API Gateway is reported to refuse.
            resource.add_property_deletion_override("IdentitySource")
        return {
            Access.KEY: by_key,
            Access.KEY_CHECKED_BY_GATEWAY: by_key,
            Access.KEY_ALL_401: by_any_call,
            Access.BASIC: by_any_call,
            Access.BASIC_OPTIONAL: by_any_call,
        }

    def _resource(self, path: str) -> apigateway.IResource:
        return self.rest_api.root.resource_for_path(path)

    def _usage_plan(
        self, plan: str, methods: Mapping[Route, apigateway.Method]
    ) -> apigateway.UsagePlan:
        """Return the usage plan that holds a key to the documented rate of every method."""
        return apigateway.UsagePlan(
            self,
            f"Plan{plan.capitalize()}",
            name=contract.usage_plan_name(contract.stack_name(self._settings.stage), plan),
            api_stages=[
                apigateway.UsagePlanPerApiStage(
                    api=self.rest_api,
                    stage=self.rest_api.deployment_stage,
                    throttle=[
                        apigateway.ThrottlingPerMethod(
                            method=method,
                            throttle=apigateway.ThrottleSettings(
                                rate_limit=route.requests_per_minute / _SECONDS_PER_MINUTE,
                                burst_limit=route.requests_per_minute,
                            ),
                        )
                        for route, method in methods.items()
                        if route.access is not Access.PUBLIC
                        and route.requests_per_minute is not None
                    ],
                )
            ],
        )

    def _answer_preflight(self, resource: apigateway.IResource, verbs: Iterable[str]) -> None:
        """Let browsers call from any page, without credentials.

        Not by `add_cors_preflight`: an API whose bodies are all binary answers its mock with
        500 unless it converts to text, which that has no option for.
        """
        headers = contract.preflight_headers(verbs)
        parameters = {f"method.response.header.{name}": f"'{headers[name]}'" for name in headers}
        resource.add_method(
            "OPTIONS",
            apigateway.MockIntegration(
                content_handling=apigateway.ContentHandling.CONVERT_TO_TEXT,
                request_templates={"application/json": '{"statusCode": 204}'},
                integration_responses=[
                    apigateway.IntegrationResponse(
                        status_code="204",
                        content_handling=apigateway.ContentHandling.CONVERT_TO_TEXT,
                        response_parameters=parameters,
                    )
                ],
            ),
            authorization_type=apigateway.AuthorizationType.NONE,
            api_key_required=False,
            method_responses=[
                apigateway.MethodResponse(
                    status_code="204", response_parameters=dict.fromkeys(parameters, True)
                )
            ],
        )

    def _add_gateway_responses(self) -> None:
        """Give the errors that API Gateway makes itself our codes and our envelope."""
        for kind, name in contract.GATEWAY_RESPONSES.items():
            error = contract.ERRORS[name]
            headers = {"Access-Control-Allow-Origin": "'*'"}
            # A value is quoted there, and how a quote within it is written is documented nowhere.
            headers |= {
                header: f"'{value}'"
                for header, value in contract.SECURITY_HEADERS.items()
                if "'" not in value
            }
            if error.retry_after_seconds is not None:
                headers["Retry-After"] = f"'{error.retry_after_seconds}'"
            self.rest_api.add_gateway_response(
                "".join(word.capitalize() for word in kind.split("_")),
                type=apigateway.ResponseType.of(kind),
                status_code=str(error.status),
                response_headers=headers,
                templates={
                    "application/json": _template(
                        contract.render_gateway_body(name, site_url=self._settings.site_url)
                    )
                },
            )


def _template(body: Mapping[str, object]) -> str:
    """Return a body as a template of a gateway response.

    API Gateway fills `$context` and `$stageVariables` in such a template and knows no escape
    for a dollar sign, so JSON has to write it another way.
    """
    return json.dumps(body).replace("$", "\\u0024")


def _authorization(*, has_key: bool) -> apigateway.AuthorizationType:
    kinds = apigateway.AuthorizationType
    return kinds.CUSTOM if has_key else kinds.NONE


def _public_rates(settings: Settings) -> dict[str, apigateway.MethodDeploymentOptions]:
    """Return the rates of the routes without a key, which hold over all callers."""
    otherwise = _SECONDS_PER_MINUTE * settings.public_requests_per_second
    per_minute = {
        f"{route.path}/{route.method}": route.requests_per_minute or otherwise
        for route in contract.ROUTES
        if route.access is Access.PUBLIC
    }
    if settings.front_door:
        per_minute |= {f"{path}/{method}": otherwise for path, method in _FILE_METHODS}
    return {
        method: apigateway.MethodDeploymentOptions(
            throttling_rate_limit=rate / _SECONDS_PER_MINUTE,
            throttling_burst_limit=rate if rate != otherwise else 2 * rate // _SECONDS_PER_MINUTE,
        )
        for method, rate in per_minute.items()
    }


def _held_rates(
    routes: Iterable[Route], *, held: int
) -> dict[str, apigateway.MethodDeploymentOptions]:
    """Return rates by which no more than `held` calls of a route wait at the same time.

    API Gateway's bucket lets `burst + rate * seconds` calls through in that many seconds. More are
    refused with 429 before they take a slot that the optimizer needs.
    """
    burst = (held + 1) // 2
    options = apigateway.MethodDeploymentOptions(
        throttling_burst_limit=burst,
        throttling_rate_limit=(held - burst) / FEW_SLOTS_HOLD_SECONDS,
    )
    return {
        f"{route.path}/{route.method}": options for route in routes if route.function in HOLDING
    }
