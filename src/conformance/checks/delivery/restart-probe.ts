/**
 * Validates the restart hook: the process must end and become reachable again.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { rememberCause, type NamedCause } from '../../experiments/known-causes.ts';
import {
  afterRestart,
  explainRestartRefusals,
  type AfterRestart,
} from '../../experiments/restart-refusals.ts';
import { deliver } from '../../judge/deliver.ts';
import { BACK_WITHIN_MS, sleep } from '../../hooks/hooks.ts';
import { restart } from '../../judge/restart.ts';
import type { Probe } from '../../probe/probe.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

/** A closed connection is noticed within this time. */
const NOTICED_AFTER_MS = 100;

const failRefused = (probe: Probe, { refused }: AfterRestart, cause: NamedCause): Verdict => {
  rememberCause(probe, 'refused', cause);
  return fail({
    symptom: 'refused',
    key: cause.key,
    expected: ['a 2xx for each new event once the receiver is up'],
    actual: `${refused.length} new events refused after a restart`,
    diagnosis: cause.sentence,
    fix: cause.fix,
    exchanges: refused.slice(-1),
  });
};

export const check = defineCheck({
  id: 'delivery/restart-probe',
  level: 'SHOULD',
  title: 'Is available again after a restart',
  requirement: {
    text: 'Servers restart; an event not accepted within 10 seconds is retried for 35 minutes and then becomes a dead letter',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices"',
  },
  cause:
    'The restart command does not start the receiver, the receiver starts too slowly, or it fails to start with its stored data.',
  fix: 'Let the command kill the process (kill -9, docker kill) and start it again in the background, e.g. `docker restart -t 0 app`. The suite waits 30 seconds for it.',
  catches: ['delivery-restart-stays-down', 'delivery-numbers-from-one-again'],
  stage: 'disturbing',
  needs: ['restart'],
  validates: 'restart',
  run: async (probe) => {
    const event = probe.event();
    const counted =
      isAccepted(await deliver(probe, event)) && (await probe.effects?.settled(event.id, 1)) === 1;
    const witness = await probe.connect();
    let cut = false;
    void witness.reply().then(() => {
      cut = true;
    });
    const from = probe.exchanges.length;
    const startedAt = probe.wall.now();
    const back = await restart(probe);
    const tookMs = probe.wall.now() - startedAt;
    const after = afterRestart(probe.exchanges.slice(from), tookMs);
    if (!cut) await sleep(probe.wall, NOTICED_AFTER_MS);
    witness.close();
    const cause = await explainRestartRefusals(probe, after);
    if (cause !== null) return failRefused(probe, after, cause);
    if (!isAccepted(back)) {
      return fail({
        expected: ['a 2xx'],
        actual: `${describeReply(back.reply)}, ${BACK_WITHIN_MS / 1000} s after the restart`,
      });
    }
    if (!cut) {
      return notTested(
        'A connection opened before the restart is still open: nothing was restarted, or there is a proxy in between. Let the hook restart the process that listens at the target URL, and bypass the proxy.',
      );
    }
    if (counted && (await probe.effects?.settled(event.id, 1)) !== 1) {
      return pass(
        'the effects hook lost a count from before the restart: either the hook or the receiver forgets, which delivery/ack-before-persist distinguishes',
      );
    }
    return pass();
  },
});
