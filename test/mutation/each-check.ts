/**
 * Each check on its own: what it sends to a right receiver and says of it, of each of its mutants, and of receivers from
 * which it can learn little. What it says is held word for word in a snapshot, so that a change to a check's code that
 * changes anything is seen. Says no more of receivers than the self-test does; it is there for `npm run test:mutation`,
 * and takes its time.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, test } from 'vitest';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { isActive, type ActiveCheck, type Stage } from '../../src/conformance/check.ts';
import type { Hooks, LeadState } from '../../src/conformance/hooks/hooks.ts';
import { examine, examineMutant, SECRET } from '../conformance/run-suite.ts';
import { ModelReceiver, type Answer } from '../receivers/model/receiver.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';
import { listen, portrait } from './portrait.ts';

/** Those that only look have nothing to look at alone: `test/conformance/run/observe.test.ts` shows them something. */
const alone = CATALOGUE.filter(isActive);

/** What would end the run before the check, and what would speak for or against a hook. */
const OTHERS = alone.filter(
  (check) =>
    check.stage === 'reach' || check.stage === 'preflight' || check.validates !== undefined,
);

class Refuses extends ModelReceiver {
  override async answer(): Promise<Answer> {
    return { status: 401 };
  }
}

class Breaks extends ModelReceiver {
  override async answer(): Promise<Answer> {
    return { status: 503 };
  }
}

/** Accepts everything, without observable effects. */
class Forgets extends ModelReceiver {
  override async answer(): Promise<Answer> {
    return { status: 200 };
  }
  override get hooks(): Hooks {
    return {};
  }
}

/** Has every effect twice, and takes forgeries for real. */
class Doubles extends ModelReceiver {
  override verify(): boolean {
    return true;
  }
  override async apply(event: Parameters<ModelReceiver['apply']>[0]): Promise<void> {
    await super.apply(event);
    await super.apply(event);
  }
}

class Cuts extends ModelReceiver {
  override async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.read(request);
    response.destroy();
  }
}

/** Ends every connection, as it may. */
class Closes extends ModelReceiver {
  override async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('connection', 'close');
    await super.serve(request, response);
  }
}

/** Takes no body without a length, as it may. */
class AsksForLength extends ModelReceiver {
  override async answer(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    return request.headers['content-length'] === undefined
      ? { status: 411 }
      : super.answer(raw, request);
  }
}

/** Knows its leads, and shows nothing of them. */
class ShowsNothing extends ModelReceiver {
  override stateOf(email: string): LeadState {
    return { known: super.stateOf(email).known };
  }
}

/** Elsewhere those that have no effect, or are gone, are waited for: five seconds and more to say so. */
const AT_ONCE: readonly Stage[] = ['reach', 'preflight', 'valid', 'negative', 'risky'];

const littleFor = ({ id, stage, needs = [] }: ActiveCheck) =>
  Object.entries({
    Refuses,
    Forgets,
    Doubles,
    ...(AT_ONCE.includes(stage) ? { Breaks } : {}),
    ...(stage === 'valid' ? { Cuts, Closes } : {}),
    ...(id === 'http/chunked' ? { AsksForLength } : {}),
    ...(needs.includes('state') ? { ShowsNothing } : {}),
  });

describe.concurrent.each(alone)('$id', (check) => {
  const { id, catches } = check;
  test('of the model', async ({ expect }) => {
    await using receiver = new ModelReceiver(SECRET);
    const { heard } = listen(receiver);
    await receiver.start();
    const report = await examine(receiver, [id]);
    expect(`${portrait(id, report)}\n${heard(id)}`).toMatchSnapshot();
  });

  test.for(catches)('of %s', async (name, { expect }) => {
    const mutant = MUTANTS.find((one) => one.name === name)!;
    const told = portrait(id, await examineMutant(mutant, [id]));
    expect(told).toMatch(/^fail /);
    expect(told).toMatchSnapshot();
  });

  const skip = OTHERS.map((other) => other.id).filter((other) => other !== id);
  test.for(littleFor(check))('of one that %s', async ([, Receiver], { expect }) => {
    await using receiver = new Receiver(SECRET);
    await receiver.start();
    const { url, hooks } = receiver;
    const report = await examine({ url, hooks }, [id], { skip, timeoutMs: 1000 });
    expect(portrait(id, report)).toMatchSnapshot();
  });
});
