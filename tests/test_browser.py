"""The pages in a real browser, with the network closed."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
PAGES = ["", *(f"chapters/{p.stem}/" for p in sorted((ROOT / "docs/chapters").glob("*.md"))),
         *(f"notebooks/{p.stem}/" for p in sorted((ROOT / "docs/notebooks").glob("*.md"))),
         "notation/", "glossary/", "references/", "api/", "api/activations/"]  # fmt: skip
# A page of each kind, and the chapter with most formulas: the others are slow.
KINDS = [
    "", "chapters/02-the-perceptron/", "chapters/09-backward/", "notation/", "references/",
    "notebooks/activation_functions/", "api/activations/",
]  # fmt: skip
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--renderer-process-limit=1",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
PATIENCE = 120_000  # milliseconds: the machine may have other things to do
BETWEEN = [700, 960, 1200]  # where the layout changes from a phone's to a desk's
FORMS = [(360, "dark"), (360, "light"), (1440, "light"), (1440, "dark")]
AXE_PAGES = [
    "", "chapters/02-the-perceptron/",
    *(pytest.param(name, marks=pytest.mark.slow)
      for name in ("notebooks/activation_functions/", "notation/", "api/activations/")),
]  # fmt: skip
AXE = ROOT / "node_modules/axe-core/axe.min.js"


# Formulas in view have a size; of each figure just this scheme's form is shown.
LOOK = """() => {
  const open = (e) => !e.closest("details:not([open])");
  const flat = [...document.querySelectorAll("article .katex-html")].filter(open)
    .filter((e) => !(e.getBoundingClientRect().width && e.getBoundingClientRect().height));
  const scheme = document.body.dataset.mdColorScheme === "slate" ? "dark" : "light";
  const wrong = [...document.querySelectorAll("figure.figure img")]
    .filter((i) => (getComputedStyle(i).display !== "none") !== i.src.endsWith("#only-" + scheme))
    .map((i) => i.src);
  return { flat: flat.length, wrong, scheme, wide: document.documentElement.scrollWidth };
}"""


def browser_path() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    found = next((p for p in map(shutil.which, names) if p), None)
    return found or (mac if os.path.exists(mac) else None)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    path = browser_path()
    if path is None:
        message = (
            "no Chromium here, so the pages were not opened in a browser: install it, for "
            "example with `sudo apt-get install chromium`, and run the tests again"
        )
        if os.environ.get("NNLIT_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(built_site: Path) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Quiet."""

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A page that is closed while it loads is no news."""

    handler = functools.partial(Handler, directory=str(built_site))
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def listen(page, home: str) -> list[str]:
    """What will go wrong on the page: errors, warnings, and asking someone else."""
    troubles: list[str] = []

    def note(message) -> None:
        if message.type in ("error", "warning"):
            troubles.append(message.text)

    def only_home(request) -> None:
        if not request.url.startswith((home, "data:")):
            troubles.append(f"asked for {request.url}")

    page.on("console", note)
    page.on("pageerror", lambda e: troubles.append(str(e)))
    page.on("request", only_home)
    return troubles


def visit(browser, url: str, width: int, scheme: str, home: str, scripts: bool = True):
    """Opens a page in a profile of its own; returns it and what goes wrong."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme,
        reduced_motion="reduce", java_script_enabled=scripts,
    )  # fmt: skip
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    troubles = listen(page, home)
    page.goto(url, wait_until="load")
    if scripts:
        page.evaluate("document.fonts.ready.then(() => true)")
    return page, troubles


def look_over(page, width: int, scheme: str) -> None:
    """Nothing is too wide, empty, or of the other scheme."""
    page.evaluate("document.fonts.ready.then(() => true)")
    seen = page.evaluate(LOOK)
    assert seen["scheme"] == scheme
    assert seen["wide"] <= width, f"scrolls sideways: {seen['wide']} px on {width}"
    assert seen["flat"] == 0, "a formula without width or height"
    assert seen["wrong"] == [], "a figure of the other scheme is shown"


@pytest.fixture(scope="module")
def tab(browser, address) -> Iterator:
    """One tab for all pages, as a reader has it, and what goes wrong in it."""
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    yield page, listen(page, address)
    context.close()


def turn(page, width: int, scheme: str) -> None:
    """Another window, and the scheme that the reader chooses."""
    page.set_viewport_size({"width": width, "height": 900})
    named = {"light": "default", "dark": "slate"}[scheme]
    page.evaluate(f"document.querySelector('input[data-md-color-scheme={named}]').click()")


@pytest.mark.parametrize(
    "name", [p if p in KINDS else pytest.param(p, marks=pytest.mark.slow) for p in PAGES]
)
def test_a_page_has_no_trouble_in_any_form(tab, address, name) -> None:
    page, troubles = tab
    troubles.clear()
    page.set_viewport_size({"width": 360, "height": 900})
    page.goto(address + name, wait_until="load")
    for width, scheme in FORMS:
        turn(page, width, scheme)
        look_over(page, width, scheme)
    for width in BETWEEN:
        page.set_viewport_size({"width": width, "height": 900})
        look_over(page, width, scheme)
    assert troubles == []


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), FORMS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_trouble(browser, address, name, width, scheme) -> None:
    page, troubles = visit(browser, address + name, width, scheme, address)
    try:
        look_over(page, width, scheme)
        assert troubles == []
    finally:
        page.context.close()


def test_mathematics_needs_no_script(browser, address) -> None:
    page, _ = visit(browser, address + "notation/", 800, "light", address, scripts=False)
    try:
        boxes = page.query_selector_all(".equation .katex-html")
        assert len(boxes) >= 5
        assert all(b.bounding_box()["height"] > 10 for b in boxes)
    finally:
        page.context.close()


def test_pictures_load(browser, address) -> None:
    page, troubles = visit(browser, address + "chapters/02-the-perceptron/", 1000, "light", address)
    try:
        for image in page.query_selector_all("img[src$='#only-light']"):
            image.scroll_into_view_if_needed()
            page.wait_for_function("i => i.complete && i.naturalWidth > 100", arg=image)
        assert troubles == []
    finally:
        page.context.close()


def test_a_symbol_lights_up_in_formula_and_code(browser, address) -> None:
    page, _ = visit(browser, address + "chapters/02-the-perceptron/", 1200, "light", address)
    try:
        pair = page.query_selector(".pair:has([data-s='w'])")
        pair.query_selector(".katex-html [data-s='w']").hover()
        assert pair.query_selector(".highlight [data-s='w'].lit")
        assert pair.query_selector(".katex-html [data-s='w'].lit")
        page.mouse.move(0, 0)
        pair.query_selector(".highlight [tabindex='0']").focus()
        first = pair.query_selector(".katex-html .lit").get_attribute("data-s")
        page.keyboard.press("ArrowRight")
        assert pair.query_selector(".katex-html .lit").get_attribute("data-s") != first
    finally:
        page.context.close()


def test_the_copy_button_copies_code_without_prompts(browser, address) -> None:
    page, _ = visit(browser, address + "chapters/02-the-perceptron/", 1200, "light", address)
    try:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        block = page.query_selector(".language-pycon")
        block.hover()
        block.query_selector("button.md-code__button, .md-clipboard").click()
        text = page.evaluate("navigator.clipboard.readText()")
        assert text.startswith("import numpy as np\n")
        assert ">>>" not in text
        assert "array([ 2., -3.,  0.])" not in text
    finally:
        page.context.close()


@pytest.mark.parametrize("name", AXE_PAGES)
def test_the_accessibility_checker_finds_nothing(browser, address, name) -> None:
    page, _ = visit(browser, address + name, 1200, "light", address)
    try:
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for scheme in ("light", "dark"):
            turn(page, 1200, scheme)
            assert page.evaluate(LOOK)["scheme"] == scheme
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            wrong = [
                f"{v['id']}: {v['help']}: {len(v['nodes'])} × {v['nodes'][0]['html'][:120]}"
                for v in found["violations"]
            ]
            assert wrong == [], scheme
    finally:
        page.context.close()


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_jumps_while_the_page_loads(browser, address, width) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(l => { for (const e of l.getEntries())"
        " if (!e.hadRecentInput) window.shift += e.value })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    try:
        page.goto(address + "chapters/02-the-perceptron/")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(300)
        assert page.evaluate("window.shift") < 0.05
    finally:
        context.close()


def test_search_finds_a_term_under_the_policy(browser, address) -> None:
    page, troubles = visit(browser, address, 1200, "light", address)
    try:
        page.fill("input.md-search__input", "sigmoid")
        page.wait_for_selector(".md-search-result__item mark", timeout=PATIENCE)
        assert troubles == []
    finally:
        page.context.close()


def test_a_script_that_the_policy_does_not_name_stays_dead(browser, address, built_site) -> None:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    html = (built_site / "notation/index.html").read_text(encoding="utf-8")
    planted = html.replace("</body>", "<script>window.planted = 1</script></body>")
    assert planted != html
    page.route("**/notation/", lambda route: route.fulfill(body=planted, content_type="text/html"))
    try:
        page.goto(address + "notation/")
        assert page.evaluate("window.planted") is None
        assert any("Content Security Policy" in text for text in said)
    finally:
        page.close()
