// SPDX-License-Identifier: Apache-2.0
// Runs one file of node:test and prints a flat TAP line per test, whatever reporter this node has.
import { run } from "node:test";
import path from "node:path";

let number = 0;
let failed = 0;

function line(text) {
	process.stdout.write(`${text}\n`);
}

function comment(text) {
	for (const part of String(text).split("\n").slice(0, 30))
		line(`# ${part}`);
}

// A file counts as a test of its own in some versions: only what it holds is told.
function isFile(data) {
	return data.file === undefined ? data.name.endsWith(".mjs") : data.name === data.file || data.name.endsWith(".mjs");
}

const stream = run({ files: [path.resolve(process.argv[2])], concurrency: 1 });

stream.on("test:pass", (data) => {
	if (isFile(data) || data.details?.type === "suite")
		return;
	const skip = data.skip === undefined ? "" : ` # SKIP ${data.skip === true ? "no reason given" : data.skip}`;
	line(`ok ${++number} ${data.name}${skip}`);
});
stream.on("test:fail", (data) => {
	const error = data.details?.error;
	if (data.details?.type === "suite" && error?.failureType === "subtestsFailed")
		return;
	failed++;
	line(`not ok ${++number} ${data.name}`);
	comment(error?.cause?.stack ?? error?.cause ?? error ?? "no reason known");
});
stream.on("test:stderr", (data) => process.stderr.write(data.message));
stream.on("end", () => {
	line(`1..${number}`);
	process.exitCode = failed ? 1 : 0;
});
stream.resume();
