// SPDX-License-Identifier: Apache-2.0
// Makes docs/images/dashboard.png: node scripts/screenshot.mjs URL [FILE], with the address that a
// running agent printed. Wait until the machine does something worth seeing.
import { chromium } from "../tests/e2e/node_modules/playwright-core/index.mjs";

const [url, file = "docs/images/dashboard.png"] = process.argv.slice(2);

if (!url) {
	console.error("screenshot.mjs: give the address that the agent printed");
	process.exit(2);
}

const browser = await chromium.launch({
	executablePath: "/usr/bin/chromium",
	args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, colorScheme: "dark" });

await page.goto(url);
await page.waitForSelector("#rows tr:not(.spacer)");
await page.waitForTimeout(Number(process.env.SECONDS_BEFORE ?? 60) * 1000);
await page.screenshot({ path: file });
await browser.close();
