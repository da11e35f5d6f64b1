/**
 * Pages of the checks of the conformance suite: one for each, and a list.
 *
 * @module
 */
import {
  CHECK_PAGES_FILE,
  checkPageOf,
  pagePathOf,
  type CheckPage,
} from '../../domain/check-page.ts';
import { readPackageFile } from '../../package-file.ts';

/** Read on demand: most sandboxes never show a page. */
export const readCheckPages = async (): Promise<readonly CheckPage[]> =>
  JSON.parse(await readPackageFile(CHECK_PAGES_FILE)) as CheckPage[];

/** The page of a check as Markdown; null if there is no such check. */
export const checkPage = (id: string, pages: readonly CheckPage[]): string | null => {
  const page = pages.find((one) => one.id === id);
  return page === undefined ? null : checkPageOf(page);
};

const areaOf = (id: string): string => id.slice(0, id.indexOf('/'));

/** The list of all checks by area, as Markdown. */
export const checkList = (pages: readonly CheckPage[]): string =>
  [
    '# Checks',
    'What each check of `sendemall-mock verify` requires and why, a wrong and a right example, and what the suite prints of both. In a terminal, `sendemall-mock explain` shows the same.',
    ...[...new Set(pages.map(({ id }) => areaOf(id)))].map((area) =>
      [
        `## ${area}`,
        '',
        '| check | level | what a right receiver does |',
        '|---|---|---|',
        ...pages
          .filter(({ id }) => areaOf(id) === area)
          .map(
            ({ id, level, title }) => `| \`${id}\` | ${level} | ${title.replaceAll('|', '\\|')} |`,
          ),
      ].join('\n'),
    ),
  ].join('\n\n');

/** For language models: links to every page. */
export const checkLinks = (pages: readonly CheckPage[]): readonly string[] =>
  pages.map(({ id, title }) => `- [${id}](${pagePathOf(id)}.md): ${title}`);
