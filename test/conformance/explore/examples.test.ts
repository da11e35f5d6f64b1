/**
 * Saved cases, and reports that hold them.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { readExamples } from '../../../src/conformance/explore/examples.ts';
import { ModelReceiver, type Answer, type Event } from '../../receivers/model/receiver.ts';
import { examine, SECRET } from '../run-suite.ts';

const saved = {
  event: 'email.replied',
  id: 'evt_1',
  timestamp: '2026-11-29T15:16:17Z',
  data: { lead_email: 'sarah@example.com', reply_preview: 'a very particular reply' },
};

describe('readExamples', () => {
  test('takes one event, or a list', () => {
    expect(readExamples(saved, 'a.json')).toEqual([saved]);
    expect(readExamples([saved, saved], 'a.json')).toHaveLength(2);
  });

  test('takes the last request of each finding of a report', () => {
    const exchange = (body: string | null) => ({ request: { body } });
    const report = {
      checks: [
        { status: 'pass', exchanges: [exchange(JSON.stringify({ ...saved, id: 'passed' }))] },
        { status: 'fail', exchanges: [exchange('{'), exchange(JSON.stringify(saved))] },
        { status: 'fail', exchanges: [exchange('{"event": "shortened… ')] },
        { status: 'fail', exchanges: [] },
      ],
    };
    expect(readExamples(report, 'a.json')).toEqual([saved]);
  });

  test('says where something is no event', () => {
    expect(() => readExamples([saved, { event: 1 }], 'a.json')).toThrow(
      /^Invalid examples in a\.json at \[1\]\.event: .+ It must be an event, a list of events/,
    );
  });
});

test('a saved case is replayed, and a receiver that fails on it alone is found', async () => {
  class Particular extends ModelReceiver {
    override async arrived(event: Event): Promise<Answer> {
      const preview = String(event.data['reply_preview']);
      return preview.includes('particular') ? { status: 500 } : super.arrived(event);
    }
  }
  await using receiver = new Particular(SECRET);
  await receiver.start();
  const only = ['content/generated'];
  const without = await examine(receiver, only);
  expect(without.checks.find(({ id }) => id === only[0])?.status).toBe('pass');
  const report = await examine(receiver, only, { examples: readExamples(saved, 'a.json') });
  const found = report.checks.find(({ id }) => id === only[0]);
  expect(found?.status).toBe('fail');
  expect(found?.diagnosis).toMatch(
    /^Refuses every event whose `reply_preview` contains " ?particular ?"/,
  );
  const again = readExamples(report, 'report.json');
  expect(again[0]?.data['reply_preview']).toContain('particular');
});
