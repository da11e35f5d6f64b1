/**
 * Advice after a run, if the receiver seems to ignore an environment variable that it got.
 *
 * @module
 */
import type { Report } from '../../../conformance/report.ts';
import type { Terminal } from '../../terminal.ts';
import type { ExecSession } from './session.ts';

/** The check that every other one depends on. */
const ACCEPTS = 'signature/accepts-valid';

const hasRefusedValid = ({ checks }: Report): boolean =>
  checks.some(
    ({ id, status, exchanges }) =>
      id === ACCEPTS &&
      status === 'fail' &&
      exchanges.some(({ response }) => response.status === 401 || response.status === 403),
  );

/** @param isGenerated whether the suite has generated the secret */
export const noteUnusedEnv = async (
  report: Report,
  { options, sinkRequests }: ExecSession,
  isGenerated: boolean,
  terminal: Pick<Terminal, 'note' | 'signal'>,
): Promise<void> => {
  const { sinkEnv, secretEnv } = options;
  if (isGenerated && hasRefusedValid(report)) {
    terminal.note(
      `The receiver refused every signature. It got a generated secret in ${secretEnv}: pass --secret-env if it reads another variable, or --secret if its secret is fixed.`,
    );
    return;
  }
  if (sinkEnv.length === 0 || terminal.signal.aborted || (await sinkRequests()) > 0) return;
  terminal.note(
    `The receiver sent nothing to the URL in ${sinkEnv.join(', ')}, so its effects were not seen. Let it read that variable, and send a request with the event id in the body for each event.`,
  );
};
