"""Try a new version of a function before it gets any calls: CodeDeploy's pre-traffic hook.

CodeDeploy starts this with the id of a deployment, whose AppSpec names the function and the new
version. The version is called as API Gateway, or the queue of images, would call it; what it
answers must be what `PROBES` says. See "AppSpec 'hooks' section", CodeDeploy guide.

It stands alone, without a layer: a broken layer is one of the things that it has to find.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any, Final

import boto3

NOBODY: Final = "acc_00000000000000000000"
"""An account that there is none of: a probe finds nothing, charges nobody, changes nothing."""
OPTIMIZER: Final = "optimizer"
_SIDE_PIXELS: Final = 64


def _request(method: str, path: str, **more: Any) -> dict[str, Any]:
    """Return an event of a REST API as API Gateway sends it for a caller whose key is good."""
    return {
        "httpMethod": method,
        "path": path,
        "resource": path,
        "headers": {},
        "queryStringParameters": {},
        "pathParameters": {},
        "body": "",
        "isBase64Encoded": False,
        "requestContext": {"requestId": "probe", "authorizer": {"accountId": NOBODY}},
        **more,
    }


_NO_IMAGE: Final = "0" * 40
PROBES: Final[dict[str, tuple[dict[str, Any], int]]] = {
    "health": (_request("GET", "/ping"), 200),
    "docs": (_request("GET", "/openapi.json"), 200),
    # Reads S3.
    "image": (
        _request(
            "GET",
            f"/image/{_NO_IMAGE}/probe.png",
            resource="/image/{public_id}/{file_name}",
            pathParameters={"public_id": _NO_IMAGE, "file_name": "probe.png"},
        ),
        404,
    ),
    # Read their requests, and refuse them before anything is charged.
    "submit": (_request("POST", "/v1/optimize"), 400),
    "uploads": (_request("POST", "/v1/uploads"), 400),
    "tinyjpg_submit": (_request("POST", "/api/optimize"), 422),
    "tinify_shrink": (_request("POST", "/shrink"), 400),
    # Read DynamoDB.
    "tinify_output": (
        _request(
            "GET",
            "/output/0",
            resource="/output/{output_id}",
            pathParameters={"output_id": "0"},
        ),
        404,
    ),
    "tinify_account": (
        _request("GET", "/keys/probe", resource="/keys/{key}", pathParameters={"key": "probe"}),
        404,
    ),
    "jobs": (_request("GET", "/v1/jobs"), 200),
    "usage": (_request("GET", "/v1/usage"), 401),
    "keys": (_request("GET", "/v1/keys"), 401),
    "result": (
        _request(
            "POST",
            "/v1/optimize/1/result",
            resource="/v1/optimize/{process_id}/result",
            pathParameters={"process_id": "1"},
        ),
        404,
    ),
    "tinyjpg_status": (
        _request(
            "GET",
            "/api/status/1",
            resource="/api/status/{image_id}",
            pathParameters={"image_id": "1"},
        ),
        404,
    ),
    "account": (_request("POST", "/v1/users/info"), 401),
    "tinyjpg_account": (_request("GET", "/api/v1/stats"), 401),
}
"""An event for each function, and the status that it must be answered with."""


class ProbeError(Exception):
    """A new version that does not answer as it should."""


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Try the version of a deployment, and let CodeDeploy know."""
    codedeploy = boto3.client("codedeploy")
    function, version = read_target(codedeploy, event["DeploymentId"])
    status, why = "Succeeded", ""
    try:
        probe(boto3.client("lambda"), function, version)
    except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, the version must not serve
        status, why = "Failed", f"{type(error).__name__}: {error}"
    print(  # noqa: T201 - a line of the log
        json.dumps({"function": function, "version": version, "status": status, "why": why})
    )
    codedeploy.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )
    return {"status": status, "why": why}


def read_target(codedeploy: Any, deployment_id: str) -> tuple[str, str]:
    """Return the function of a deployment and the version that is to serve."""
    info = codedeploy.get_deployment(deploymentId=deployment_id)["deploymentInfo"]
    revision = info["revision"]
    content = (revision.get("string") or revision["appSpecContent"])["content"]
    ((resource,),) = ([*each.values()] for each in json.loads(content)["Resources"])
    properties = resource["Properties"]
    return properties["Name"], str(properties["TargetVersion"])


def probe(client: Any, function: str, version: str) -> None:
    """Call a version as its callers do.

    Raises:
        ProbeError: it does not answer as it should.
    """
    name = function.partition("-")[2].partition("-")[2]
    if name == OPTIMIZER:
        _check_optimizer(_invoke(client, function, version, {"probe": {"image": picture()}}))
    elif name == "authorizer":
        _check_authorizer(_invoke(client, function, version, _authorizer_event()))
    else:
        event, expected = PROBES[name]
        status = _invoke(client, function, version, event).get("statusCode")
        if status != expected:
            message = f"{event['httpMethod']} {event['path']}: {status} instead of {expected}"
            raise ProbeError(message)


def _invoke(client: Any, function: str, version: str, event: dict[str, Any]) -> dict[str, Any]:
    answer = client.invoke(
        FunctionName=function, Qualifier=version, Payload=json.dumps(event).encode()
    )
    payload = answer["Payload"].read()
    if answer.get("FunctionError"):
        raise ProbeError(payload[:300].decode("utf-8", "replace"))
    result: dict[str, Any] = json.loads(payload)
    return result


def _authorizer_event() -> dict[str, Any]:
    """Return the event for a call with a key that there is none of: it is looked up."""
    arn = "arn:aws:execute-api:us-east-1:000000000000:probe/probe/POST/v1/optimize"
    return _request("POST", "/v1/optimize", headers={"X-API-KEY": "probe"}) | {
        "type": "REQUEST",
        "methodArn": arn,
    }


def _check_authorizer(answer: dict[str, Any]) -> None:
    if answer.get("principalId") != "unknown" or "context" in answer:
        message = f"the authorizer takes an unknown key for {answer.get('principalId')}"
        raise ProbeError(message)


def _check_optimizer(answer: dict[str, Any]) -> None:
    found = answer["probe"]
    if not 0 < found["optimized_bytes"] < found["original_bytes"]:
        message = f"the picture did not get smaller: {found}"
        raise ProbeError(message)


def picture() -> str:
    """Return a PNG of a gradient as base64, stored without compression so that it can shrink."""
    rows = b"".join(
        b"\0" + bytes(channel for x in range(_SIDE_PIXELS) for channel in (3 * x, 3 * y, 99))
        for y in range(_SIDE_PIXELS)
    )
    header = struct.pack(">IIBBBBB", _SIDE_PIXELS, _SIDE_PIXELS, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
    return base64.b64encode(data).decode()
