"""Build the CloudFront distribution that stands before a stage.

It gives the stage a root URL, serves results and originals from S3 without a function, and leaves
everything else to the API. Where S3 has no such file (it is not ready, has expired, was never
there, or the range of bytes is none), the request goes on to the API, whose answer counts. Two
small programs in `infra/edge/` translate between the two; tests/infra/test_edge.py runs them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from aws_cdk import Aws, Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.settings import Settings
from leanpix import contract

_EDGE: Final = Path(__file__).resolve().parent / "edge"
_SECONDS_PER_DAY: Final = 86_400
_SURVIVING_ERRORS: Final = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
"""The errors that CloudFront keeps ("How CloudFront caches HTTP 4xx and 5xx status codes")."""
_NOT_FROM_S3: Final = (403, 404, 416, 500, 502, 503, 504)
"""The answers of S3 after which the API is asked. 403 is S3's 404 for who may not list."""
_ERROR_SECONDS: Final = 1
_CLOUDFRONT_ZONE: Final = "Z2FDTNDATAQYW2"
"""The hosted zone of every distribution ("AliasTarget", Route 53 API reference)."""
FILE_PATHS: Final = ("/image/*", "/direct-file/*")


def edge_code(name: str, settings: Settings) -> str:
    """Return the code of a program at the edge, with this stage's values."""
    code = (_EDGE / f"{name}.js").read_text(encoding="utf-8")
    headers = contract.preflight_headers(("GET", "HEAD"))
    values = {
        "RETENTION_SECONDS": str(settings.retention_days * _SECONDS_PER_DAY),
        "PREFLIGHT_HEADERS": json.dumps(
            {header.lower(): {"value": value} for header, value in headers.items()}
        ),
        "LINK_HEADER": contract.LINK_HEADER.lower(),
    }
    for key, value in values.items():
        code = code.replace(f"%{key}%", value)
    return code


class FrontDoor(Construct):
    """The distribution, and the records of its domain."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        api_host: str,
        bucket: s3.Bucket,
    ) -> None:
        """Create them.

        The API is known by its host alone. Its stage waits for the functions, and the functions
        for the URL that this makes.
        """
        super().__init__(scope, construct_id)
        self._settings = settings
        api = origins.HttpOrigin(
            api_host,
            origin_path=f"/{settings.stage}",
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            read_timeout=Duration.seconds(settings.front_door_timeout_seconds),
        )
        files = self._files(api, bucket)
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=contract.stack_name(settings.stage),
            default_behavior=self._api_behavior(api),
            additional_behaviors=dict.fromkeys(FILE_PATHS, files),
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            domain_names=[settings.domain_name] if settings.domain_name else None,
            certificate=self._certificate() if settings.domain_name else None,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            web_acl_id=settings.web_acl_arn or None,
            error_responses=_error_responses(),
        )
        if settings.hosted_zone_id:
            self._records()

    def _certificate(self) -> acm.ICertificate:
        arn = self._settings.certificate_arn
        return acm.Certificate.from_certificate_arn(self, "Certificate", arn)

    @property
    def url(self) -> str:
        """The root URL, without a slash at the end."""
        name = self._settings.domain_name or self.distribution.distribution_domain_name
        return f"https://{name}"

    @property
    def _global_name(self) -> str:
        """A name that the same stage in another Region has not; CloudFront has no Regions."""
        return f"{contract.stack_name(self._settings.stage)}-{Aws.REGION}"

    def _api_behavior(self, api: cloudfront.IOrigin) -> cloudfront.BehaviorOptions:
        # Nothing is kept but errors, for a second, and those by key: what one caller may not see
        # another may. A policy without any caching could not tell keys apart.
        by_key = cloudfront.CachePolicy(
            self,
            "ByKey",
            comment="Errors of the API, by key",
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.seconds(0),
            max_ttl=Duration.seconds(_ERROR_SECONDS),
            header_behavior=cloudfront.CacheHeaderBehavior.allow_list(
                contract.API_KEY_HEADER, "Authorization"
            ),
            query_string_behavior=cloudfront.CacheQueryStringBehavior.all(),
        )
        return cloudfront.BehaviorOptions(
            origin=api,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=by_key,
            origin_request_policy=(cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER),
            compress=False,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        )

    def _files(self, api: cloudfront.IOrigin, bucket: s3.Bucket) -> cloudfront.BehaviorOptions:
        access = cloudfront.S3OriginAccessControl(
            self, "Access", origin_access_control_name=self._global_name
        )
        group = origins.OriginGroup(
            primary_origin=origins.S3BucketOrigin.with_origin_access_control(
                bucket, origin_access_control=access
            ),
            fallback_origin=api,
            fallback_status_codes=list(_NOT_FROM_S3),
        )
        by_link = cloudfront.CachePolicy(
            self,
            "ByLink",
            comment="Files, by the link that names them",
            # S3's `Expires` says how long; what says nothing is not kept.
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.seconds(0),
            max_ttl=Duration.days(self._settings.retention_days),
            header_behavior=cloudfront.CacheHeaderBehavior.allow_list(contract.LINK_HEADER),
        )
        return cloudfront.BehaviorOptions(
            origin=group,
            # All that an origin group takes.
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
            cache_policy=by_link,
            response_headers_policy=self._headers(),
            # Images do not get smaller by it.
            compress=False,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            function_associations=[
                self._at_edge("find_object", cloudfront.FunctionEventType.VIEWER_REQUEST),
                self._at_edge("end_caching", cloudfront.FunctionEventType.VIEWER_RESPONSE),
            ],
        )

    def _at_edge(
        self, name: str, event_type: cloudfront.FunctionEventType
    ) -> cloudfront.FunctionAssociation:
        function = cloudfront.Function(
            self,
            "".join(word.capitalize() for word in name.split("_")),
            code=cloudfront.FunctionCode.from_inline(edge_code(name, self._settings)),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        return cloudfront.FunctionAssociation(function=function, event_type=event_type)

    def _headers(self) -> cloudfront.ResponseHeadersPolicy:
        """Return the headers that the functions send with every answer, for S3's."""
        # CloudFront takes security headers by names of its own; tests/infra/test_front_door.py
        # compares them with the functions'.
        security = cloudfront.ResponseSecurityHeadersBehavior(
            content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                content_security_policy=contract.FILE_SECURITY_POLICY, override=False
            ),
            content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
            referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
            ),
            strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                access_control_max_age=Duration.days(365), override=True
            ),
        )
        return cloudfront.ResponseHeadersPolicy(
            self,
            "FileHeaders",
            response_headers_policy_name=self._global_name,
            comment="The headers of files, whoever sends them",
            security_headers_behavior=security,
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(
                        header="Access-Control-Allow-Origin", value="*", override=True
                    )
                ]
            ),
        )

    def _records(self) -> None:
        """Point the domain at the distribution; by alias, which an apex takes too."""
        for kind in ("A", "AAAA"):
            route53.CfnRecordSet(
                self,
                f"Record{kind}",
                hosted_zone_id=self._settings.hosted_zone_id,
                name=f"{self._settings.domain_name}.",
                type=kind,
                alias_target=route53.CfnRecordSet.AliasTargetProperty(
                    dns_name=self.distribution.distribution_domain_name,
                    hosted_zone_id=_CLOUDFRONT_ZONE,
                ),
            )


def _error_responses() -> list[cloudfront.ErrorResponse]:
    ttl = Duration.seconds(_ERROR_SECONDS)
    return [cloudfront.ErrorResponse(http_status=each, ttl=ttl) for each in _SURVIVING_ERRORS]
