// Lights up a symbol in a formula and its name in the code beside it.
// The page is complete without this script.

const light = (pair, name, on) => {
  for (const place of pair.querySelectorAll(`[data-s="${CSS.escape(name)}"]`)) {
    place.classList.toggle("lit", on);
  }
};

const connect = (pair) => {
  for (const [event, on] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
    pair.addEventListener(event, ({ target }) => {
      const place = target.closest("[data-s]");
      if (place) light(pair, place.dataset.s, on);
    });
  }

  // For the keyboard: one stop per pair, the arrows go from symbol to symbol.
  const names = new Map();
  for (const place of pair.querySelectorAll(".highlight [data-s]")) {
    const twin = pair.querySelector(`.katex-html [data-s="${CSS.escape(place.dataset.s)}"]`);
    if (twin && !names.has(place.dataset.s)) names.set(place.dataset.s, place);
  }
  const stops = [...names.values()];
  stops.forEach((place, at) => {
    place.tabIndex = at === 0 ? 0 : -1;
    place.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      stops[(at + step + stops.length) % stops.length].focus();
    });
  });
};

// What scrolls sideways must be reachable by keyboard.
const reachable = (box) => {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
};

for (const pair of document.querySelectorAll(".pair")) connect(pair);
for (const box of document.querySelectorAll(".equation-body, .md-typeset__scrollwrap")) reachable(box);

// A folded part that a link points into is opened; all are opened for print.
const open = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target) target.closest("details")?.setAttribute("open", "");
};
addEventListener("hashchange", open);
open();
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details.solution")) folded.open = true;
});

// Material puts a landmark of the same name on every code block; a page with
// twenty of them is no easier to find one's way in.
const article = document.querySelector("article");
const quiet = () => {
  for (const nav of article.querySelectorAll("nav.md-code__nav")) {
    nav.setAttribute("role", "none");
    nav.removeAttribute("aria-label");
  }
};
if (article) {
  quiet();
  new MutationObserver(quiet).observe(article, { childList: true, subtree: true });
}
