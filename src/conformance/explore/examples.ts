/**
 * Saved cases: events that the generated checks replay before anything else.
 *
 * @module
 */
import * as z from 'zod';
import { OptionsError } from '../options.ts';
import type { Event } from '../probe/event-maker.ts';

const SavedEvent = z.looseObject({
  event: z.string(),
  id: z.string(),
  timestamp: z.string(),
  data: z.record(z.string(), z.unknown()),
});

const SavedReport = z.looseObject({
  checks: z.array(
    z.looseObject({
      status: z.string(),
      exchanges: z.array(
        z.looseObject({ request: z.looseObject({ body: z.string().nullable() }) }),
      ),
    }),
  ),
});

const SHAPE =
  'It must be an event, a list of events, or a JSON report of verify, whose found cases are taken';

const parse = (body: string | null | undefined): unknown => {
  try {
    return JSON.parse(body ?? '');
  } catch {
    // A body that the report shortened is no whole event.
    return null;
  }
};

/** The request of each finding that shows it best: the last. */
const bodiesOf = (report: z.infer<typeof SavedReport>): readonly unknown[] =>
  report.checks
    .filter(({ status }) => status === 'fail')
    .map(({ exchanges }) => parse(exchanges.at(-1)?.request.body))
    .filter((body) => SavedEvent.safeParse(body).success);

/**
 * Read saved cases.
 *
 * @param given what was read from JSON: an event, a list of events, or a JSON report
 * @param name the file's name, for messages
 * @throws {OptionsError} for anything else
 */
export const readExamples = (given: unknown, name: string): readonly Event[] => {
  const report = SavedReport.safeParse(given);
  const list = report.success ? bodiesOf(report.data) : Array.isArray(given) ? given : [given];
  return list.map((one: unknown, at) => {
    const read = SavedEvent.safeParse(one);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    const place = `[${at}]${issue!.path.map((part) => `.${String(part)}`).join('')}`;
    throw new OptionsError(`Invalid examples in ${name} at ${place}: ${issue!.message}. ${SHAPE}.`);
  });
};
