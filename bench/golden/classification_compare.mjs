// Compares reports on standard input, from classification.py, with those of the built program.
import { readFileSync } from "node:fs";
import { classificationText, classify } from "../../dist/steps/scripting.js";

const cases = JSON.parse(readFileSync(0, "utf8"));
let wrong = 0;
for (const { names, cells, text } of cases) {
  const expand = (member) => cells.flatMap((cell) => Array(cell[2]).fill(cell[member]));
  const own = classificationText(classify(expand(0), expand(1), names));
  if (own !== text && wrong++ < 3) process.stdout.write(`own:\n${own}\nscikit-learn:\n${text}\n`);
}
process.stdout.write(`${cases.length} reports, ${wrong} differ\n`);
process.exitCode = wrong === 0 ? 0 : 1;
