"""Test that an SVG comes back without anything that runs or loads."""

from __future__ import annotations

import pytest

from leanpix_engine import Limits, Refused
from leanpix_engine.formats.svg.safety import safe

ROOT = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink">{}</svg>'
TRICKS = {
    "a script": "<script>evil</script>",
    "a script by its namespace": '<h:script xmlns:h="http://www.w3.org/1999/xhtml">evil</h:script>',
    "a refresh": '<h:meta xmlns:h="http://www.w3.org/1999/xhtml" content="0;evil"/>',
    "a frame": '<h:iframe xmlns:h="http://www.w3.org/1999/xhtml" srcdoc="evil"/>',
    "a handler": '<g onclick="evil"/>',
    "a handler in capitals": '<g ONCLICK="evil"/>',
    "a link": '<a x:href="javascript:evil"><g/></a>',
    "a link in capitals": '<a href="JavaScript:evil"><g/></a>',
    "a link behind blanks": '<a href="  javascript:evil"><g/></a>',
    "a link with a tab within": '<a href="java&#9;script:evil"><g/></a>',
    "a link with a line break within": '<a href="java&#10;script&#13;:evil"><g/></a>',
    "a link with a control character before it": '<a href="&#x20;&#xA;javascript:evil"><g/></a>',
    "an animated link": '<a><animate attributeName="href" values="javascript:evil"/></a>',
    "a set link": '<a><set attributeName="x:href" to="javascript:evil"/></a>',
    "an outside image": '<image href="http://evil/"/>',
    "an outside use": '<use x:href="//evil/a.svg#b"/>',
    "an SVG within an image": '<image href="data:image/svg+xml,evil"/>',
    "HTML within an image": '<image href="data:text/html,evil"/>',
    "an outside style": '<g style="fill:url(http://evil/)"/>',
    "an outside fill": "<g fill=\"url('//evil/#a')\"/>",
    "a style under escapes": '<g style="fill:u\\72l(http://evil/)"/>',
    "a fill in capitals": '<g fill="URL(http://evil/)"/>',
    "a fill under escapes": '<g fill="u\\72l(http://evil/)"/>',
    "a set of images": "<g style=\"background:image-set('http://evil/' 1x)\"/>",
    "an import": "<style>@import 'evil';</style>",
    "an import under escapes": "<style>@\\69mport 'evil';</style>",
    "HTML": "<foreignObject><b>evil</b></foreignObject>",
}


@pytest.mark.parametrize("body", TRICKS.values(), ids=TRICKS)
def test_nothing_that_runs_or_loads_is_left(body: str) -> None:
    try:
        document = safe(ROOT.format(body).encode(), Limits())
    except Refused:
        return
    assert b"evil" not in document


@pytest.mark.parametrize(
    "body",
    [
        '<g style="fill:#123;stroke:url(#a)"/>',
        '<image href="data:image/png;base64,AAAA"/>',
        '<a href="https://example.com/"><g/></a>',
        "<style>.a{fill:red}</style>",
    ],
)
def test_what_is_harmless_stays(body: str) -> None:
    document = safe(ROOT.format(body).encode(), Limits()).decode()
    attribute = body.partition('"')[2].partition('"')[0] or ".a{fill:red}"
    assert attribute in document
