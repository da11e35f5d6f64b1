/**
 * Whether plain events are refused now and then because others have failed before: a thread, a worker or a connection keeps a
 * mark of the failure. A restart removes it, and further failures bring it back.
 *
 * @module
 */
import { whileFailing } from '../judge/failing-hook.ts';
import { restart } from '../judge/restart.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';
import { isRefusedEvent, sideBySide } from './trial.ts';

/** Plain events, before and after the failures. */
const EVENTS = 60;
/** Events that fail at the same time, so that several threads have one. */
const FAILURES = 8;

const refusedInTurn = async (probe: Probe): Promise<number> => {
  let refused = 0;
  for (let count = 0; count < EVENTS; count += 1)
    refused += Number(isRefusedEvent(await probe.post(probe.event())));
  return refused;
};

/** @returns null without the hooks for it, or if failures change nothing */
export const explainByFailure = async (probe: Probe): Promise<NamedCause | null> => {
  const { fault, restart: hook } = probe.hooks;
  if (fault === undefined || hook === undefined) return null;
  if (!isAccepted(await restart(probe)) || (await refusedInTurn(probe)) > 0) return null;
  await whileFailing(probe, async () => {
    const events = Array.from({ length: FAILURES }, () => probe.event());
    await sideBySide(probe, events, (event) => probe.post(event), FAILURES);
  });
  const refused = await refusedInTurn(probe);
  if (refused === 0) return null;
  const share = refused === EVENTS ? 'every plain event' : `${refused} of ${EVENTS} plain events`;
  return {
    key: `refused:after-failure${refused === EVENTS ? ':all' : ''}`,
    sentence: `Once events have failed, ${share} ${refused === EVENTS ? 'is' : 'are'} refused until the process is restarted: a thread, worker or connection keeps a mark of the failure, such as a transaction to be rolled back. After a restart, ${EVENTS} of ${EVENTS} were accepted; then ${FAILURES} failed, and though the failure was over, ${refused} of ${EVENTS} were refused.`,
    fix: 'Clear what a failure leaves behind where the request ends, whatever its outcome (finally, defer, using): thread-local variables, transactions, flags of a pooled worker or connection.',
  };
};
