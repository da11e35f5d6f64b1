/**
 * The page of one check of the conformance suite, as Markdown, for the command and for the server: what it requires and
 * why, a wrong and a right example, and what the suite prints of both.
 *
 * @module
 */

type Level = 'MUST' | 'SHOULD' | 'INFO';

/** A receiver with one fault that the check catches. */
export interface WrongExample {
  readonly name: string;
  /** What is wrong, as a clause. */
  readonly fault: string;
  /** The fault in code. */
  readonly code: string;
}

/** An entry of `src/docs/checks.json`. */
export interface CheckPage {
  readonly id: string;
  readonly level: Level;
  readonly title: string;
  readonly requirement: string;
  readonly source: string;
  /** Whether it judges the requests of a whole run: alone, it has nothing to judge. */
  readonly judgesRun: boolean;
  readonly cause: string;
  readonly fix: string;
  /** The first one is shown; it fails exactly this check. */
  readonly wrong: readonly WrongExample[];
  /** Methods of a correct receiver that the wrong ones replace. */
  readonly right: readonly string[];
  /** What the suite prints of the shown example, and of the correct receiver. */
  readonly output: { readonly wrong: string; readonly right: string };
}

export const CHECK_PAGES_FILE = 'src/docs/checks.json';

const WHY: Readonly<Record<Level, string>> = {
  MUST: 'A receiver that fails it loses events, processes them twice, or accepts forgeries, with requests that are documented or sent today.',
  SHOULD:
    'A receiver that fails it gets into trouble: retries, alerts, or loss with what the provider may send one day.',
  INFO: 'Worth knowing. It is never scored.',
};

/** Why a check of this level matters. */
export const whyOf = ({ level }: Pick<CheckPage, 'level'>): string => WHY[level];

/** The command that runs the check: alone, unless it judges the requests of others. */
export const verifyCommandOf = ({ id, judgesRun }: Pick<CheckPage, 'id' | 'judgesRun'>): string =>
  `sendemall-mock verify http://localhost:3000/webhooks/sendemall${judgesRun ? '' : ` --only ${id}`}`;

/** Path of the page on a server of this package. */
export const pagePathOf = (id: string): string => `/docs/checks/${id}`;

const fenced = (language: string, code: string): string => `\`\`\`${language}\n${code}\n\`\`\``;

const othersOf = ([, ...others]: readonly WrongExample[]): readonly string[] =>
  others.length === 0
    ? []
    : [`The check also catches: ${others.map(({ fault }) => fault).join('; ')}.`];

/** The page as Markdown. */
export const checkPageOf = (page: CheckPage): string => {
  const [shown] = page.wrong;
  return [
    `# ${page.id}`,
    `**${page.level}** ${page.title}`,
    '## Requirement',
    `${page.requirement}. (${page.source})`,
    whyOf(page),
    '## Usual cause and fix',
    page.cause,
    page.fix,
    '## Wrong',
    ...(shown === undefined
      ? []
      : [`A receiver that fails this check: ${shown.fault}.`, fenced('ts', shown.code)]),
    'The suite prints:',
    fenced('text', page.output.wrong),
    ...othersOf(page.wrong),
    '## Right',
    page.right.length === 0 ? page.fix : fenced('ts', page.right.join('\n\n')),
    'The suite prints:',
    fenced('text', page.output.right),
    '## Check it',
    fenced('sh', verifyCommandOf(page)),
  ].join('\n\n');
};
