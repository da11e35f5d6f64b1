/**
 * SARIF 2.1.0 with a rule per check of the catalogue and a result per check that ran.
 *
 * @module
 */
import { toUSVString } from 'node:util';
import type { Invocation, Log, ReportingDescriptor, Result, WebRequest, WebResponse } from 'sarif';
import { CATALOGUE } from '../catalogue.ts';
import type { Level } from '../check.ts';
import type { CheckResult, ReportedExchange, Report } from '../report.ts';
import { plainest } from './exchange-text.ts';
import { findingOf, type Severity } from './findings.ts';

const SCHEMA =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

const LEVELS = { MUST: 'error', SHOULD: 'warning', INFO: 'note' } as const satisfies Record<
  Level,
  Result.level
>;

const rulesOf = ({ docs_url: docsUrl }: Report): ReportingDescriptor[] =>
  CATALOGUE.map((check) => ({
    id: check.id,
    helpUri: `${docsUrl}/checks/${check.id}`,
    shortDescription: { text: check.title },
    fullDescription: { text: `${check.requirement.text} (${check.requirement.source})` },
    help: { text: `Cause: ${check.cause}\n\nFix: ${check.fix}` },
    defaultConfiguration: { level: LEVELS[check.level] },
  }));

/** Convert pairs to an object; of duplicate names, the last one wins. */
const toObject = (pairs: readonly (readonly [string, string])[]): Record<string, string> =>
  Object.fromEntries(pairs.map(([name, value]) => [name, toUSVString(value)]));

const contentOf = (body: string | null, base64: string | null) =>
  body === null ? (base64 === null ? {} : { binary: base64 }) : { text: toUSVString(body) };

const webRequest = ({ request }: ReportedExchange): WebRequest => ({
  protocol: 'HTTP',
  version: '1.1',
  method: request.method,
  target: request.url,
  headers: toObject(request.headers),
  body: contentOf(request.body, request.body_base64),
});

const webResponse = ({ response }: ReportedExchange): WebResponse =>
  response.status === null
    ? { noResponseReceived: true, reasonPhrase: response.error ?? '' }
    : {
        protocol: 'HTTP',
        version: '1.1',
        statusCode: response.status,
        headers: toObject(response.headers),
        body: contentOf(response.body, null),
      };

/** Split the target into origin and relative path, because viewers show results by file. */
const locate = (target: string): { readonly base: string; readonly path: string } => {
  if (!URL.canParse(target)) return { base: 'http://receiver.invalid/', path: 'webhook' };
  const { origin, pathname } = new URL(target);
  return { base: `${origin}/`, path: pathname.slice(1) || 'webhook' };
};

const KINDS = { pass: 'pass', not_tested: 'notApplicable' } as const;

const messageOf = (result: CheckResult): string => {
  const { title, actual, reason, expected, diagnosis, fix, decides } = result;
  const wanted = expected.length === 0 ? null : `Expected: ${expected.join(', or ')}.`;
  const others = decides.length === 0 ? null : `Decides: ${decides.join(', ')}.`;
  const parts = [`${title}.`, actual ?? reason, wanted, diagnosis, others, fix];
  return toUSVString(parts.filter((part) => part !== null).join('\n'));
};

const SARIF_LEVELS: Readonly<Partial<Record<Severity, Result.level>>> = {
  failed: 'error',
  warning: 'warning',
  note: 'note',
};

const propertiesOf = ({ reproduce, rerun, decides }: CheckResult): Pick<Result, 'properties'> => {
  const properties = {
    ...(reproduce === null ? {} : { reproduce }),
    ...(rerun === null ? {} : { rerun }),
    ...(decides.length === 0 ? {} : { decides: [...decides] }),
  };
  return Object.keys(properties).length === 0 ? {} : { properties };
};

const toResult = (report: Report, result: CheckResult): Result => {
  const finding = findingOf(report, result);
  const shown = plainest(result.exchanges);
  const ruleIndex = CATALOGUE.findIndex(({ id }) => id === result.id);
  const failed = result.status === 'fail';
  return {
    ruleId: result.id,
    ...(ruleIndex === -1 ? {} : { ruleIndex }),
    kind: failed ? 'fail' : KINDS[result.status === 'pass' ? 'pass' : 'not_tested'],
    level: failed ? (SARIF_LEVELS[finding?.severity ?? 'note'] ?? LEVELS[result.level]) : 'none',
    message: { text: messageOf(result) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: locate(report.target).path, uriBaseId: 'RECEIVER' },
          region: { startLine: 1 },
        },
        logicalLocations: [{ name: result.id, kind: 'resource' }],
      },
    ],
    partialFingerprints: { 'checkId/v1': result.id },
    ...(finding?.known === null || finding === null
      ? {}
      : { suppressions: [{ kind: 'external', justification: finding.known }] }),
    ...(failed && shown !== null
      ? { webRequest: webRequest(shown), webResponse: webResponse(shown) }
      : {}),
    ...propertiesOf(result),
  };
};

const invocation = (report: Report): Invocation => {
  const end = Date.parse(report.started_at) + report.duration_ms;
  const errors = report.checks.filter(({ status }) => status === 'error');
  const stale = report.baseline?.stale ?? [];
  return {
    executionSuccessful:
      errors.length === 0 && !report.interrupted && report.summary.verdict !== 'inconclusive',
    startTimeUtc: report.started_at,
    endTimeUtc: new Date(end).toISOString(),
    toolExecutionNotifications: errors.map(({ id, reason }) => ({
      level: 'error',
      message: { text: toUSVString(`${id}: ${reason ?? 'could not run'}`) },
      associatedRule: { id },
    })),
    toolConfigurationNotifications: stale.map(({ id }) => ({
      level: 'error',
      message: { text: `${id} passes now: remove it from the baseline.` },
      associatedRule: { id },
    })),
  };
};

export const sarif = (report: Report): string => {
  const log: Log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: report.tool.name,
            semanticVersion: report.tool.version,
            rules: rulesOf(report),
          },
        },
        originalUriBaseIds: { RECEIVER: { uri: locate(report.target).base } },
        invocations: [invocation(report)],
        results: report.checks
          .filter(({ status }) => status !== 'error')
          .map((result) => toResult(report, result)),
        properties: { seed: report.seed, verdict: report.summary.verdict },
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
};
