/**
 * A generated lead: the events sent about it, and how long to wait until the receiver shows it.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { createLead, judgeLeads } from '../../../src/conformance/judge/lead.ts';
import type { LeadState } from '../../../src/conformance/hooks/hooks.ts';
import { notTested, pass } from '../../../src/conformance/verdict.ts';
import { right, scripted, type Script } from '../scripted-receiver.ts';

type State = (email: string, nth: number) => LeadState;

const withState = async (state: State, script: Script = right) => {
  const asked: string[] = [];
  const receiver = await scripted(script, {
    hooks: {
      state: async (email) => {
        asked.push(email);
        return state(email, asked.length - 1);
      },
    },
  });
  return { receiver, asked, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() };
};

const dataOf = (body: string): Record<string, unknown> =>
  (JSON.parse(body) as { data: Record<string, unknown> }).data;

describe('events of a lead', () => {
  test('are all of one person, with what is given for all and for one of them', async () => {
    await using receiver = await scripted(right);
    const lead = createLead(receiver.probe, { campaign_id: 'cmp_mine' });
    await lead.send('email.opened', { open_count: 3 });
    const seen = await lead.send(
      'email.bounced',
      { lead_id: 'lead_other' },
      { timestamp: '2026-01-01T00:00:00Z' },
    );
    const [opened, bounced] = receiver.heard.map(({ body }) => dataOf(body));
    expect(opened).toMatchObject({
      lead_email: lead.email,
      campaign_id: 'cmp_mine',
      open_count: 3,
    });
    expect(opened!['lead_id']).toMatch(/^lead_/);
    expect(bounced).toMatchObject({
      lead_email: lead.email,
      lead_id: 'lead_other',
      campaign_id: 'cmp_mine',
    });
    expect(receiver.heard[1]!.body).toContain('"timestamp":"2026-01-01T00:00:00Z"');
    expect(seen).toBe(receiver.probe.exchanges[1]);
    expect(createLead(receiver.probe).email).not.toBe(lead.email);
  });

  test('are of the address that is given', async () => {
    await using receiver = await scripted(right);
    const lead = createLead(receiver.probe, { lead_email: 'someone@mine.example' });
    await lead.send('email.opened');
    expect(lead.email).toBe('someone@mine.example');
    expect(dataOf(receiver.heard[0]!.body)['lead_email']).toBe('someone@mine.example');
  });

  test('come again where the receiver asks for patience', async () => {
    await using receiver = await scripted((_, nth) => (nth === 0 ? 429 : 200));
    const seen = await createLead(receiver.probe).send('email.opened');
    expect(seen.reply).toMatchObject({ status: 200 });
  });

  test('that are not accepted leave nothing to be said', async () => {
    await using receiver = await scripted(() => 500);
    const verdict = await judgeLeads(async () => {
      await createLead(receiver.probe).send('email.opened');
      return pass();
    });
    expect(verdict).toEqual({
      status: 'not_tested',
      reason: expect.stringMatching(
        /^The receiver responded to email\.opened with 500 in \d+ ms, so the state of its lead is not meaningful\.$/,
      ) as string,
    });
  });

  test('are judged as the judge says, and other trouble stays trouble', async () => {
    expect(await judgeLeads(async () => notTested('so'))).toEqual(notTested('so'));
    await expect(judgeLeads(() => Promise.reject(new Error('the hook fell')))).rejects.toThrow(
      'the hook fell',
    );
  });
});

describe('the state of a lead', () => {
  test('cannot be asked for without a hook', async () => {
    await using receiver = await scripted(right);
    expect(() => createLead(receiver.probe).now()).toThrow(
      'A check that uses the state hook must list it in "needs".',
    );
  });

  test('is asked for by address, once', async () => {
    await using stage = await withState(() => ({ known: true, open_count: 2 }));
    const lead = createLead(stage.receiver.probe);
    expect(await lead.now()).toEqual({ known: true, open_count: 2 });
    expect(stage.asked).toEqual([lead.email]);
  });

  test('is waited for until it fits', async () => {
    await using stage = await withState((_, nth) => ({ known: true, open_count: nth }));
    const lead = createLead(stage.receiver.probe);
    expect(await lead.sees(({ open_count }) => open_count === 3)).toMatchObject({ open_count: 3 });
    expect(stage.asked).toHaveLength(4);
  });

  test('is what it is when patience ends', async () => {
    await using stage = await withState(() => ({ known: false }));
    const lead = createLead(stage.receiver.probe);
    expect(await lead.sees(({ known }) => known)).toEqual({ known: false });
    expect(stage.receiver.wall.now()).toBe(5000);
  });

  test('has settled when a later lead is known and it stands still', async () => {
    const later: string[] = [];
    await using stage = await withState((email) => {
      if (email !== lead.email) {
        later.push(email);
        return { known: later.length > 2 };
      }
      return { known: true, open_count: later.length < 3 ? 0 : Math.min(stage.asked.length, 6) };
    });
    const lead = createLead(stage.receiver.probe);
    expect(await lead.settled()).toEqual({ known: true, open_count: 6 });
    const [last] = stage.receiver.heard;
    expect(last!.body).toContain('"email.unsubscribed"');
    expect(dataOf(last!.body)).toMatchObject({ lead_email: later[0], suppressed_globally: true });
    expect(stage.asked).toEqual([...later, ...Array<string>(4).fill(lead.email)]);
    // Twice 20 ms until the later lead is known, then every 60.
    expect(stage.receiver.wall.now()).toBe(2 * 20 + 3 * 60);
  });

  test('is looked at without a later lead, where that is refused', async () => {
    await using stage = await withState(
      () => ({ known: true }),
      () => 500,
    );
    const lead = createLead(stage.receiver.probe);
    expect(await lead.settled()).toEqual({ known: true });
    expect(new Set(stage.asked)).toEqual(new Set([lead.email]));
  });
});
