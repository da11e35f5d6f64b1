/**
 * Leads of the beginning of the run at its end.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { findForgotten } from '../../experiments/early-leads.ts';
import { knowsCause } from '../../experiments/known-causes.ts';
import { lostByRestart } from '../../judge/lost-by-restart.ts';
import { taughtLeads } from '../../judge/interests.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'domain/early-leads',
  level: 'MUST',
  title: 'Still knows at the end of the run what the first events have said of their leads',
  requirement: {
    text: 'Suppress from all future campaigns: an accepted event is not sent again',
    source: 'guide, "Supported events: email.unsubscribed" and "Step 3: Handle retries"',
  },
  cause: 'What is known of a lead expires, or is evicted from a cache of limited size.',
  fix: 'Keep what is known of leads in a store without an expiry; a cache may only hold copies of it.',
  catches: ['domain-leads-evicted'],
  stage: 'review',
  needs: ['state'],
  run: async (probe) => {
    if (taughtLeads(probe).length === 0) return notTested('No lead of the first events is known.');
    const found = await findForgotten(probe);
    if (found === null) return pass();
    if (found.cause === null && (lostByRestart(probe) || knowsCause(probe, 'lost')))
      return notTested('Says nothing new: why leads are lost is known already.');
    const { cause, forgotten } = found;
    const { lead, member, found: value } = forgotten;
    return fail({
      symptom: 'state',
      key: cause?.key ?? `state:${member}:forgotten`,
      expected: [`${member} ${JSON.stringify(lead.expected[member])}, as at the beginning`],
      actual: `${lead.email}, of which only an ${lead.event.event} has arrived: ${member} ${value}`,
      diagnosis:
        cause?.sentence ??
        `A lead of the beginning of the run is forgotten at its end (\`${member}\` is ${value}), though no further event of it has arrived and a few thousand of other leads do not explain it: what is known of it expires with time, or was deleted together with something else.`,
      ...(cause !== null && { fix: cause.fix }),
    });
  },
});
