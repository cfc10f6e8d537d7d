// What axe-core finds on a page or in a page within it.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What weighs: rule, weight, and where. Of long lists the first rows stand for all. */
export async function axe(page, where, rules = { type: 'tag', values: TAGS }) {
  if (!(await page.evaluate('typeof axe !== "undefined"'))) await page.evaluate(AXE);
  const violations = await page.evaluate(
    async (only) =>
      (
        await globalThis.axe.run(
          { include: document, exclude: ['tbody tr:nth-child(n + 9)', 'svg g.cell:nth-of-type(n + 60)'] },
          { runOnly: only, resultTypes: ['violations'] },
        )
      ).violations,
    rules,
  );
  return violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .flatMap((v) =>
      v.nodes
        .slice(0, 3)
        .map(
          (n) =>
            `${where}: ${v.id} (${v.impact}) at ${n.target.join(' ')}: ${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? v.help}`,
        ),
    );
}
