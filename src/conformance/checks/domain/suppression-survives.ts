/**
 * Suppression survives a restart.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { explainJournalEnd } from '../../experiments/journal-end.ts';
import { explainLateWrites } from '../../experiments/late-writes.ts';
import { findStoryFlaw } from '../../experiments/restart-stories.ts';
import { createLead, judgeLeads, type Lead } from '../../judge/lead.ts';
import { failLostByRestart } from '../../judge/lost-by-restart.ts';
import { missesKeys } from '../../judge/state-keys.ts';
import type { LeadState } from '../../hooks/hooks.ts';
import { restart } from '../../judge/restart.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

interface Suppression {
  /** "unsubscribed", as the state hook names it. */
  readonly member: 'unsubscribed' | 'suppressed';
  /** "email.unsubscribed". */
  readonly after: string;
  readonly lead: Lead;
}

const isSet =
  (member: Suppression['member']) =>
  (state: LeadState): boolean =>
    state[member] === true;

const describeState = ({ known, ...state }: LeadState, member: Suppression['member']): string =>
  known ? `${member} ${state[member] ?? 'is missing'}` : 'unknown';

export const check = defineCheck({
  id: 'domain/suppression-survives',
  level: 'MUST',
  title: 'Remembers unsubscribes and hard bounces across restarts',
  requirement: {
    text: 'Suppress from all future campaigns; always remove hard bounces immediately: an accepted event is not sent again',
    source:
      'guide, "Supported events: email.unsubscribed", "Payload examples: email.bounced" and "Step 3: Handle retries"',
  },
  cause:
    'Leads are kept in memory (a Map, a dict, an in-process cache) while event ids are durable, so that after a restart not even a duplicate restores the state.',
  fix: 'Write the unsubscribe and the suppression to the database, in the transaction that stores the event id, before responding with 2xx. If the state URL responds from memory, let it read the stored state.',
  catches: ['domain-leads-in-memory', 'domain-leads-written-late'],
  stage: 'disturbing',
  needs: ['state', 'restart'],
  run: (probe) =>
    judgeLeads(async () => {
      const gone: Suppression = {
        member: 'unsubscribed',
        after: 'email.unsubscribed',
        lead: createLead(probe),
      };
      const dead: Suppression = {
        member: 'suppressed',
        after: 'a hard bounce',
        lead: createLead(probe),
      };
      await gone.lead.send('email.unsubscribed', { suppressed_globally: true });
      await dead.lead.send('email.bounced', { bounce_type: 'hard' });
      // State that is not stored or not returned at all is reported by other checks.
      const before = await Promise.all(
        [gone, dead].map(async (one) => ({ one, state: await one.lead.sees(isSet(one.member)) })),
      );
      const kept = before.flatMap(({ one, state }) => (isSet(one.member)(state) ? [one] : []));
      if (kept.length === 0) {
        const lacking = before.find(
          ({ one, state }) => state.known && state[one.member] === undefined,
        );
        if (lacking !== undefined) return missesKeys(lacking.state);
        return notTested(
          'No lead is unsubscribed after email.unsubscribed, or suppressed after a hard bounce.',
        );
      }
      const back = await restart(probe);
      if (!isAccepted(back))
        return notTested(
          `The receiver is not available after the restart: ${describeReply(back.reply)}.`,
        );
      const after = await Promise.all(
        kept.map(async (one) => ({ one, state: await one.lead.sees(isSet(one.member)) })),
      );
      const lost = after.filter(({ one, state }) => !isSet(one.member)(state));
      if (lost.length > 0) {
        const late =
          (await explainJournalEnd(probe)) ??
          // Of leads that are kept in memory, neither is known.
          (lost.length < kept.length ? (await findStoryFlaw(probe))?.cause : undefined) ??
          (await explainLateWrites(probe));
        return failLostByRestart(
          probe,
          fail({
            symptom: 'state',
            ...(late !== null && { key: late.key, diagnosis: late.sentence, fix: late.fix }),
            expected: kept.map(
              ({ member, after: what }) => `${member} after ${what} and a restart`,
            ),
            actual: lost
              .map(
                ({ one, state }) =>
                  `${one.lead.email} was ${one.member} after ${one.after}, but no longer after a restart: ${describeState(state, one.member)}`,
              )
              .join('; '),
          }),
        );
      }
      return kept.length === 2 ? pass() : pass(`only "${kept[0]!.member}" was checked`);
    }),
});
