/**
 * The guide's "Pause campaign on bounce spike": over 5 % of more than 20, and not before.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver } from '../../judge/deliver.ts';
import { HookError, waitFor } from '../../hooks/hooks.ts';
import { fail, isAccepted, notTested, pass } from '../../verdict.ts';

const SENT = 40;
/** With the first bounce: 15 % of the e-mails sent, and over 5 % of all events. */
const MORE_BOUNCES = 5;
/** A receiver that responds before processing pauses later. Polled slowly because a sandbox may limit requests. */
const PATIENCE = { forMs: 5000, everyMs: 250 };
/** Long enough to observe a pause that comes too early. */
const EARLY = { forMs: 750, everyMs: 250 };

export const check = defineCheck({
  id: 'domain/pause-on-spike',
  level: 'INFO',
  title: 'Pauses a campaign once more than 5 % of over 20 e-mails bounce, and not before',
  requirement: {
    text: 'If the bounce rate exceeds a threshold, something is wrong with your list: pause and investigate (more than 5 % of over 20)',
    source: 'guide, "Pause campaign on bounce spike"',
  },
  cause:
    'Bounces are not counted per campaign, the pause endpoint is not called, or it is called for every bounce.',
  fix: 'Count sent and bounced e-mails per campaign, each event once, and POST /v1/campaigns/{id}/pause when the rate exceeds 5 % of over 20.',
  catches: ['domain-never-pauses', 'domain-pauses-at-once'],
  stage: 'load',
  needs: ['campaign'],
  run: async (probe) => {
    if (probe.hooks.campaign === undefined) {
      throw new HookError('A check that uses the campaign hook must list it in "needs".');
    }
    await using campaign = await probe.hooks.campaign();
    const campaign_id = campaign.id;
    const data = { campaign_id };
    const sent = await Promise.all(
      Array.from({ length: SENT }, () => deliver(probe, probe.event('email.sent', data))),
    );
    const taken = sent.filter(isAccepted).length;
    if (taken < SENT) return notTested(`Only ${taken} of ${SENT} events were accepted.`);
    const bounce = () =>
      deliver(probe, probe.event('email.bounced', { ...data, bounce_type: 'hard' }));
    await bounce();
    const paused = (): Promise<boolean> => campaign.isPaused();
    if (await waitFor(probe.wall, paused, (is) => is, EARLY)) {
      return fail({
        expected: ['an active campaign after one bounce of 40 e-mails (2.5 %)'],
        actual: 'it was paused',
      });
    }
    for (let more = 0; more < MORE_BOUNCES; more += 1) await bounce();
    if (await waitFor(probe.wall, paused, (is) => is, PATIENCE)) return pass();
    return fail({
      expected: [`a paused campaign after ${MORE_BOUNCES + 1} bounces of ${SENT} e-mails (15 %)`],
      actual: `it was still active ${PATIENCE.forMs / 1000} s later`,
    });
  },
});
