"""Read from the template how CloudFront passes requests on, and answer as it does.

What a behaviour of the template says holds here: its paths and methods, its programs, the order
of its origins with the answers after which the second is asked, and its response headers. Nothing
is cached, but what CloudFront would not hand on without a cache is not handed on here either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

Template = Mapping[str, Any]

_ALWAYS_FORWARDED: Final = (
    "range",
    "if-range",
    "if-none-match",
    "if-modified-since",
    "if-match",
    "if-unmodified-since",
)
"""The headers that CloudFront hands to an origin of its own accord ("How CloudFront processes
partial requests", "HTTP request headers and CloudFront behavior")."""
_SECURITY_HEADERS: Final[Mapping[str, tuple[str, str]]] = {
    "ContentSecurityPolicy": ("Content-Security-Policy", "ContentSecurityPolicy"),
    "ReferrerPolicy": ("Referrer-Policy", "ReferrerPolicy"),
    "StrictTransportSecurity": ("Strict-Transport-Security", "AccessControlMaxAgeSec"),
    "ContentTypeOptions": ("X-Content-Type-Options", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedHeader:
    """A header of a response headers policy."""

    name: str
    value: str
    does_override: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Behavior:
    """The way of the requests to some paths."""

    pattern: str
    methods: frozenset[str]
    has_files: bool = False
    """Whether S3 is asked first."""
    falls_back_after: frozenset[int] = frozenset()
    """The statuses of S3 after which the API is asked."""
    forwarded: frozenset[str] = frozenset()
    """The headers, in lower case, that the origins get."""
    on_request: str = ""
    """The code of the viewer request's program."""
    on_response: str = ""
    added: tuple[AddedHeader, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """The behaviours in their order; the last takes every path."""

    behaviors: tuple[Behavior, ...]

    def find(self, path: str) -> Behavior:
        """Return the behaviour of a path."""
        return next(each for each in self.behaviors if fnmatchcase(path, each.pattern))


def read_distribution(template: Template) -> Distribution | None:
    """Return the distribution of a template, or None where it has none."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudFront::Distribution":
            config = resource["Properties"]["DistributionConfig"]
            behaviors = [*config.get("CacheBehaviors", ()), config["DefaultCacheBehavior"]]
            return Distribution(
                behaviors=tuple(_read_behavior(each, config, template) for each in behaviors)
            )
    return None


def _read_behavior(behavior: Template, config: Template, template: Template) -> Behavior:
    target = behavior["TargetOriginId"]
    groups = {group["Id"]: group for group in config.get("OriginGroups", {}).get("Items", ())}
    origins = {origin["Id"]: origin for origin in config["Origins"]}
    first = origins[groups[target]["Members"]["Items"][0]["OriginId"]] if target in groups else {}
    codes = groups[target]["FailoverCriteria"]["StatusCodes"]["Items"] if target in groups else ()
    programs = {
        each["EventType"]: _referred(template, each["FunctionARN"])["FunctionCode"]
        for each in behavior.get("FunctionAssociations", ())
    }
    return Behavior(
        pattern=behavior.get("PathPattern", "*"),
        methods=frozenset(behavior["AllowedMethods"]),
        has_files="S3OriginConfig" in first,
        falls_back_after=frozenset(codes),
        forwarded=frozenset(_forwarded(behavior, template)),
        on_request=programs.get("viewer-request", ""),
        on_response=programs.get("viewer-response", ""),
        added=tuple(_added(behavior, template)),
    )


def _forwarded(behavior: Template, template: Template) -> Iterator[str]:
    yield from _ALWAYS_FORWARDED
    policy = _referred(template, behavior["CachePolicyId"])["CachePolicyConfig"]
    named = policy["ParametersInCacheKeyAndForwardedToOrigin"]["HeadersConfig"]
    yield from (name.lower() for name in named.get("Headers", ()))


def _added(behavior: Template, template: Template) -> Iterator[AddedHeader]:
    if "ResponseHeadersPolicyId" not in behavior:
        return
    policy = _referred(template, behavior["ResponseHeadersPolicyId"])
    config = policy["ResponseHeadersPolicyConfig"]
    for item in config.get("CustomHeadersConfig", {}).get("Items", ()):
        yield AddedHeader(name=item["Header"], value=item["Value"], does_override=item["Override"])
    for key, item in config.get("SecurityHeadersConfig", {}).items():
        name, value_key = _SECURITY_HEADERS[key]
        value = str(item[value_key]) if value_key else "nosniff"
        if value_key == "AccessControlMaxAgeSec":
            value = f"max-age={value}"
        yield AddedHeader(name=name, value=value, does_override=item["Override"])


def _referred(template: Template, reference: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties of the resource that a `Ref` or a `Fn::GetAtt` names."""
    name = reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0]
    properties: Mapping[str, Any] = template["Resources"][name]["Properties"]
    return properties
