/**
 * The page of one check, as Markdown: what it requires, why, what is wrong and what is right.
 *
 * @module
 */
import type { Check, Level } from '../../conformance/check.ts';

/** An entry of `src/docs/checks.json`. */
export interface CheckExamples {
  readonly id: string;
  /** Receivers with one fault that the check catches. */
  readonly wrong: readonly {
    readonly name: string;
    /** What is wrong, as a clause. */
    readonly fault: string;
    /** The fault in code; null if it is spread over several places. */
    readonly code: string | null;
  }[];
  /** Methods of a correct receiver that the wrong ones replace. */
  readonly right: readonly string[];
}

const WHY: Readonly<Record<Level, string>> = {
  MUST: 'A receiver that fails it loses events, processes them twice, or accepts forgeries, with requests that are documented or sent today.',
  SHOULD:
    'A receiver that fails it gets into trouble: retries, alerts, or loss with what the provider may send one day.',
  INFO: 'Worth knowing. It is never scored.',
};

const MAX_WRONG = 2;

const fenced = (code: string): string => `\`\`\`ts\n${code}\n\`\`\``;

/** What `--json` prints of a check. */
export interface Explanation extends CheckExamples {
  readonly level: Level;
  readonly title: string;
  readonly requirement: string;
  readonly source: string;
  readonly why: string;
  readonly cause: string;
  readonly fix: string;
  readonly verify: string;
}

export const explain = (check: Check, { wrong, right }: CheckExamples): Explanation => ({
  id: check.id,
  level: check.level,
  title: check.title,
  requirement: check.requirement.text,
  source: check.requirement.source,
  why: WHY[check.level],
  cause: check.cause,
  fix: check.fix,
  wrong,
  right,
  verify: `sendemall-mock verify http://localhost:3000/webhooks/sendemall --only ${check.id}`,
});

/** The page as Markdown. */
export const pageOf = (page: Explanation): string => {
  const shown = page.wrong.slice(0, MAX_WRONG);
  const others = page.wrong.slice(MAX_WRONG);
  return [
    `# ${page.id}`,
    `**${page.level}** ${page.title}`,
    '## Requirement',
    `${page.requirement}. (${page.source})`,
    page.why,
    '## Usual cause and fix',
    page.cause,
    page.fix,
    '## Wrong',
    ...shown.flatMap(({ fault, code }) => [
      `A receiver that fails this check: ${fault}.`,
      ...(code === null ? [] : [fenced(code)]),
    ]),
    ...(others.length === 0
      ? []
      : [`It also catches: ${others.map(({ fault }) => fault).join('; ')}.`]),
    '## Right',
    ...(page.right.length === 0 ? [page.fix] : [fenced(page.right.join('\n\n'))]),
    '## Check it',
    `\`\`\`sh\n${page.verify}\n\`\`\``,
  ].join('\n\n');
};
