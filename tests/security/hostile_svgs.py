"""Make hostile SVGs: attacks by XML and its references on a reader."""

from __future__ import annotations

from collections.abc import Iterator


def hostile_svgs() -> Iterator[tuple[str, bytes]]:
    """Yield each with its name: entities, recursion, size, scripts, things from outside."""

    def svg(body: str, attributes: str = 'width="9" height="9"', before: str = "") -> bytes:
        root = f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{body}</svg>'
        return (before + root).encode()

    lines = ['<!DOCTYPE svg [<!ENTITY a0 "lol">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    yield "billion laughs", svg("<text>&a9;</text>", before="".join(lines) + "]>")
    blow = f'<!DOCTYPE svg [<!ENTITY a "{"a" * 50_000}">]>'
    yield "quadratic blow-up", svg(f"<text>{'&a;' * 50_000}</text>", before=blow)
    for target in ("file:///etc/passwd", "http://127.0.0.1/", "php://filter", "jar:file:///x!/y"):
        entity = f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{target}">]>'
        yield f"entity of {target}", svg("<text>&x;</text>", before=entity)
    parameter = '<!DOCTYPE svg [<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd"> %p;]>'
    yield "a parameter entity", svg("", before=parameter)
    itself = '<!DOCTYPE svg [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'
    yield "entities of each other", svg("<text>&a;</text>", before=itself)
    yield "an outside DTD", svg("", before='<!DOCTYPE svg SYSTEM "http://127.0.0.1/x.dtd">')
    yield "a style sheet", svg("", before='<?xml-stylesheet href="http://127.0.0.1/x.xsl"?>')
    yield "depth", svg("<g>" * 100_000 + "</g>" * 100_000)
    yield "many elements", svg("<g/>" * 500_000)
    yield "many attributes", svg("<g " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/>")
    yield "a long path", svg(f'<path d="M0 0{"L1 1" * 100_000}"/>')
    yield "a long number", svg(f'<path d="M{"9" * 500_000} 0"/>')
    yield "a huge size", svg("", 'width="1e9" height="1e9"')
    yield "an endless size", svg("", 'width="9e99" height="1e-99"')
    yield "a tiny view box", svg("", 'width="9" viewBox="0 0 1e-300 1e8"')
    yield "a flat view box", svg("", 'height="9" viewBox="0 0 1e8 1e-300"')
    yield "no number as size", svg("", 'width="NaN" height="Infinity"')
    yield "a negative size", svg("", 'width="-9" height="-9"')
    yield "use of itself", svg('<g id="a"><use href="#a"/></g>')
    uses = "".join(
        f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 10)
    )
    yield "use of uses", svg(f'<g id="a0"><path d="M0 0h1"/></g>{uses}<use href="#a9"/>')
    yield "a pattern in itself", svg('<pattern id="p" fill="url(#p)"/><rect fill="url(#p)"/>')
    yield "a filter", svg('<filter id="f"><feGaussianBlur stdDeviation="1e9"/></filter>')
    yield "a script", svg("<script>alert(1)</script>")
    yield "a handler", svg("", 'width="9" height="9" onload="alert(1)"')
    yield "HTML within", svg("<foreignObject><iframe src='http://127.0.0.1/'/></foreignObject>")
    yield "an outside image", svg('<image href="http://169.254.169.254/latest/"/>')
    yield "a file as image", svg('<image href="file:///etc/passwd"/>')
    yield "an outside font", svg("<style>@import url(http://127.0.0.1/x.css);</style>")
    yield "an undeclared prefix", svg("<x:y/>")
    yield "no end", svg("")[:-6]
    yield "UTF-16", svg("<text>é</text>").decode().encode("utf-16")
    yield (
        "UTF-7",
        b'<?xml version="1.0" encoding="UTF-7"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    )
    yield "null bytes", svg("<text>\0\0</text>")
    yield "many roots that do not close", b"<svg " * 200_000
    yield "many quotes that do not close", b"<svg " + b"a='" * 300_000
    yield "much white space", b" " * 1_000_000 + svg("")
    yield "an endless comment", b"<svg><!--" + b"-" * 1_000_000
