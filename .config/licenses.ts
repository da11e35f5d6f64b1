/**
 * The licences of what is bundled: copies of other people's code travel with their notices.
 *
 * @module
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param modules ids of bundled modules: absolute paths; virtual ones are skipped
 * @returns one text: package, version, licence, notice
 * @throws when a package has no licence to show
 */
export function licensesOf(modules: readonly string[]): string {
  const folders = new Set(modules.flatMap((id) => packageFolder(id) ?? []));
  const notices = [...folders].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    ) as Record<string, string>;
    const file = readdirSync(folder).find((one) => /^licen[cs]e/iu.test(one));
    if (!file && !license) throw new Error(`${name} is bundled and has no licence`);
    const notice = file ? readFileSync(join(folder, file), 'utf8').trim() : `Licence: ${license}`;
    return `${name} ${version} (${license})\n\n${notice}\n`;
  });
  return `dist/cli contains code of these packages.\n\n${notices.join(`\n${'-'.repeat(78)}\n\n`)}`;
}

/** The folder of the package that a module belongs to; null for our own. */
function packageFolder(id: string): string | null {
  const match = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/u.exec(id);
  return match && existsSync(join(match[0], 'package.json')) ? match[0] : null;
}
