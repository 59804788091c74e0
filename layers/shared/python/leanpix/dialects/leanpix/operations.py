"""Describe the routes of the service's own description."""

from __future__ import annotations

from typing import Final

from leanpix.contract import LeanpixPath
from leanpix.dialects.bodies import Body
from leanpix.dialects.megaoptim.operations import DESCRIPTION as MEGAOPTIM
from leanpix.dialects.operations import Answer, Description, Operation, Task


class Specification(Body):
    """An OpenAPI 3.1 description."""

    openapi: str
    info: dict[str, object]
    servers: list[object]
    tags: list[object]
    paths: dict[str, object]
    components: dict[str, object]


DESCRIPTION: Final = Description(
    schema_prefix="Docs",
    title="Description",
    text="The API about itself.",
    operations={
        LeanpixPath.OPENAPI: Operation(
            name="get_openapi",
            task=Task.SERVICE,
            summary="This description",
            answers=(Answer(status=200, text="OpenAPI 3.1.", body=Specification),),
        ),
        LeanpixPath.DOCS: Operation(
            name="get_docs",
            task=Task.SERVICE,
            summary="The same for people",
            answers=(Answer(status=200, text="A page of HTML.", media_type="text/html"),),
        ),
    },
    errors=MEGAOPTIM.errors,
    error_body=MEGAOPTIM.error_body,
    error_example=MEGAOPTIM.error_example,
)
