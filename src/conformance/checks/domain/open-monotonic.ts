/**
 * `open_count` is a running total: it never decreases and must not be summed.
 *
 * @module
 */
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck, type Verdict } from '../../check.ts';
import { rememberCause, SECOND_OPEN, type NamedCause } from '../../experiments/known-causes.ts';
import type { Probe } from '../../probe/probe.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { unlessInterested } from '../../experiments/lead-interests.ts';
import { missesKeys } from '../../judge/state-keys.ts';
import { fail, pass } from '../../verdict.ts';

const MINUTE = 60_000;
const OPENS = 3;

const SECOND_IGNORED: NamedCause = {
  key: SECOND_OPEN,
  sentence:
    'A second `email.opened` of the same e-mail is ignored: `open_count` stays as the first one has left it.',
  fix: 'Treat every `email.opened` with an id of its own as new: each further open of an e-mail is an event with a higher `open_count`.',
};

const failsToRise = (probe: Probe, actual: number | undefined): Verdict => {
  rememberCause(probe, 'state', SECOND_IGNORED);
  return fail({
    symptom: 'state',
    key: SECOND_IGNORED.key,
    expected: [`${OPENS}`],
    actual: `${actual} after an open with 1 and a later one of the same e-mail with ${OPENS}`,
    diagnosis: SECOND_IGNORED.sentence,
    fix: SECOND_IGNORED.fix,
  });
};

export const check = defineCheck({
  id: 'domain/open-monotonic',
  level: 'SHOULD',
  title: 'Keeps the highest open_count when events are late or repeated',
  requirement: {
    text: 'open_count tracks total opens',
    source: 'guide, "Payload examples: email.opened"',
  },
  cause: 'Each event’s count overwrites the stored one or is added to it.',
  fix: 'Keep the maximum: `open_count = GREATEST(open_count, ?)`.',
  catches: ['domain-open-overwritten', 'domain-open-added', 'domain-open-first-only'],
  stage: 'effects',
  needs: ['state'],
  run: (probe) =>
    judgeLeads(
      async () => {
        const at = (minutes: number) => ({
          timestamp: toProviderTime(probe.wall.now() - minutes * MINUTE),
        });
        const lead = createLead(probe);
        const opened = (count: number) => ({ open_count: count, sequence_step: 1 });
        const rising = createLead(probe);
        await rising.send('email.opened', opened(1), at(10));
        await lead.send('email.opened', opened(OPENS), at(5));
        const first = await lead.sees((state) => state.open_count === OPENS);
        if (first.open_count === undefined) {
          return missesKeys(first);
        }
        const wrong = (actual: number | undefined, when: string) =>
          fail({ symptom: 'state', expected: [`${OPENS}`], actual: `${actual} after ${when}` });
        if (first.open_count !== OPENS) return wrong(first.open_count, `an open_count of ${OPENS}`);
        await lead.send('email.opened', opened(1), at(10));
        const older = await lead.settled();
        if (older.open_count !== OPENS) {
          return wrong(
            older.open_count,
            `an older event with 1 arrived after the one with ${OPENS}`,
          );
        }
        const again = { ...opened(OPENS) };
        await lead.send('email.opened', again, at(5));
        const same = await lead.settled();
        if (same.open_count !== OPENS) return wrong(same.open_count, `another event with ${OPENS}`);
        await rising.send('email.opened', opened(OPENS), at(5));
        const { open_count: risen } = await rising.sees((state) => state.open_count === OPENS);
        return risen === OPENS ? pass() : failsToRise(probe, risen);
      },
      unlessInterested(probe, 'email.opened', 'open_count'),
    ),
});
