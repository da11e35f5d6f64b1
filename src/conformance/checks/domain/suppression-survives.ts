/**
 * Whom not to write to is known after a restart, too.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { createLead, judgeLeads, type Lead } from '../../judge/lead.ts';
import type { LeadState } from '../../hooks/hooks.ts';
import { restart } from '../../judge/restart.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

interface Kept {
  /** "unsubscribed", as the state hook names it. */
  readonly member: 'unsubscribed' | 'suppressed';
  /** "email.unsubscribed". */
  readonly after: string;
  readonly lead: Lead;
}

const isKept =
  (member: Kept['member']) =>
  (state: LeadState): boolean =>
    state[member] === true;

const tellState = ({ known, ...state }: LeadState, member: Kept['member']): string =>
  known ? `${member} ${state[member] ?? 'is not told'}` : 'unknown';

export const check = defineCheck({
  id: 'domain/suppression-survives',
  level: 'MUST',
  title: 'Knows after a restart who has unsubscribed, and who bounced for good',
  requirement: {
    text: 'Suppress from all future campaigns; always remove hard bounces immediately: what was answered 2xx is not sent again',
    source:
      'guide, "Supported events: email.unsubscribed", "Payload examples: email.bounced" and "Step 3: Handle retries"',
  },
  cause:
    'The leads are kept in memory (a Map, a dict, a cache in the process), and only the ids of events are durable: after a restart a repeat is not even processed again.',
  fix: 'Write the unsubscribe and the suppression to the database, in the transaction that stores the event’s id, before answering 2xx. If the state URL answers from memory: let it read what is stored.',
  catches: ['domain-leads-in-memory'],
  stage: 'disturbing',
  needs: ['state', 'restart'],
  run: (probe) =>
    judgeLeads(async () => {
      const gone: Kept = {
        member: 'unsubscribed',
        after: 'email.unsubscribed',
        lead: createLead(probe),
      };
      const dead: Kept = { member: 'suppressed', after: 'a hard bounce', lead: createLead(probe) };
      await gone.lead.send('email.unsubscribed', { suppressed_globally: true });
      await dead.lead.send('email.bounced', { bounce_type: 'hard' });
      // What is not kept, or not told, is for other checks.
      const before = await Promise.all(
        [gone, dead].map(async (one) => ({ one, state: await one.lead.sees(isKept(one.member)) })),
      );
      const kept = before.flatMap(({ one, state }) => (isKept(one.member)(state) ? [one] : []));
      if (kept.length === 0) {
        return notTested(
          'The state hook shows neither "unsubscribed" after email.unsubscribed nor "suppressed" after a hard bounce. Add them.',
        );
      }
      const back = await restart(probe);
      if (!isAccepted(back)) return notTested(`After the restart: ${describeReply(back.reply)}.`);
      const after = await Promise.all(
        kept.map(async (one) => ({ one, state: await one.lead.sees(isKept(one.member)) })),
      );
      const lost = after.filter(({ one, state }) => !isKept(one.member)(state));
      if (lost.length > 0) {
        return fail({
          symptom: 'state',
          expected: kept.map(({ member, after: what }) => `${member} after ${what} and a restart`),
          actual: lost
            .map(
              ({ one, state }) =>
                `${one.lead.email} was ${one.member} after ${one.after}, and is so no more after a restart: ${tellState(state, one.member)}`,
            )
            .join('; '),
        });
      }
      return kept.length === 2 ? pass() : pass(`by "${kept[0]!.member}" only`);
    }),
});
