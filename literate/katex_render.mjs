// Renders formulas with KaTeX: one JSON request per line in, one answer per
// line out. Started once per build by katex.py; ends when its input does.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(process.argv[2] + "/package.json");
const katex = require("katex");

for await (const line of createInterface({ input: process.stdin })) {
  const { tex, display, trust } = JSON.parse(line);
  let answer;
  try {
    const html = katex.renderToString(tex, {
      displayMode: display,
      throwOnError: true,
      // \htmlData is ours: it marks the symbols of an equation (see trust).
      strict: (code) => (code === "htmlExtension" ? "ignore" : "error"),
      output: "htmlAndMathml",
      trust: (context) => trust && context.command === "\\htmlData",
    });
    answer = { html };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
