"""MkDocs' events, each a method of the one site that this process builds.

MkDocs finds them by these names; see `literate.site`.
"""

from __future__ import annotations

from mkdocs.plugins import CombinedEvent

from literate.site import Site

SITE = Site()

on_startup = SITE.on_startup
on_config = SITE.on_config
on_pre_build = SITE.on_pre_build
on_files = SITE.on_files
on_env = SITE.on_env
on_page_markdown = SITE.on_page_markdown
on_page_content = SITE.on_page_content
on_page_context = CombinedEvent(SITE.before_search, SITE.after_search)
on_post_page = SITE.on_post_page
on_post_template = SITE.on_post_template
on_post_build = SITE.on_post_build
on_serve = SITE.on_serve
