"""A strict Content-Security-Policy on every page of the built site.

Scripts, styles, fonts and pictures come from the site itself and from nowhere
else.  The few scripts that the theme writes into its pages are named by their
hashes, so that any other one in a page stays dead.  Styles in attributes are
allowed: a formula that is rendered at build time has its heights in them, and
they can't run anything.  The policy stands in the page, so it holds on every
host; a host that sends headers can add `frame-ancestors 'none'`.
"""

from __future__ import annotations

import base64
import hashlib
import re

SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.DOTALL)
TYPE = re.compile(r"""\btype=["']?([^"'\s>]+)""")
RUN = ("", "module", "text/javascript")  # the types of script that a browser runs
CHARSET = re.compile(r"<meta charset=[^>]*>")


def hashes(html: str) -> list[str]:
    """The CSP hash of each script that stands in the page itself."""
    found: dict[str, None] = {}
    for script in SCRIPT.finditer(html):
        kind = TYPE.search(script["attributes"])
        if "src=" in script["attributes"] or (kind[1] if kind else "") not in RUN:
            continue
        digest = hashlib.sha256(script["body"].encode()).digest()
        found[f"'sha256-{base64.b64encode(digest).decode()}'"] = None
    return list(found)


def policy(html: str) -> str:
    """What the page may load and run."""
    return "; ".join(
        [
            "default-src 'none'",
            " ".join(["script-src 'self'", *hashes(html)]),
            "style-src 'self'",
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def protect(html: str) -> str:
    """The page with its policy, before anything that the policy is about."""
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(html)}">'
    protected, count = CHARSET.subn(lambda found: found[0] + meta, html, count=1)
    if not count:
        raise ValueError("a page without <meta charset> has no place for its policy")
    return protected
