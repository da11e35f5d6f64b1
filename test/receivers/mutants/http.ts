/**
 * Mutants of the area `http`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelReceiver, type Answer } from '../model/receiver.ts';
import { crowdGathers } from './crowd.ts';
import type { MoreOfMutant, Mutant } from './mutant.ts';

type Overrides = Partial<
  Pick<ModelReceiver, 'answer' | 'read' | 'serve' | 'receive' | 'process' | 'parse'>
>;

/** The model with some methods replaced; they get the original receiver. */
const changed = (
  name: string,
  fault: string,
  change: (model: ModelReceiver) => Overrides,
  more: MoreOfMutant = {},
): Mutant => ({
  name: `http-${name}`,
  fault,
  make: (secret) => {
    const model = new ModelReceiver(secret);
    return Object.assign(model, change(model));
  },
  ...more,
});

const pathOf = ({ url = '' }: IncomingMessage): string => url.replace(/\?.*$/, '');

/** Bodies, with what the original does around them. */
const answering = (
  name: string,
  fault: string,
  answer: (
    request: IncomingMessage,
    raw: Buffer,
    right: () => Promise<Answer>,
    model: ModelReceiver,
  ) => Answer | Promise<Answer>,
  more: MoreOfMutant = {},
): Mutant =>
  changed(
    name,
    fault,
    (model) => {
      const original = model.answer.bind(model);
      return {
        answer: async (raw, request) => answer(request, raw, () => original(raw, request), model),
      };
    },
    more,
  );

/** Connections over which a request has come. */
const used = new WeakSet<object>();
const served = new WeakMap<object, number>();

class TooLate extends Error {}

/**
 * Reads a body for a limited time. Pieces besides the time: a busy machine makes late what was sent at once, but no more pieces
 * of it.
 */
const givingUp = (name: string, fault: string, afterMs: number, status: number): Mutant =>
  changed(name, fault, (model) => {
    const original = model.serve.bind(model);
    return {
      read: async (request) => {
        const begun = Date.now();
        const chunks: Buffer[] = [];
        for await (const chunk of request) {
          chunks.push(chunk as Buffer);
          if (chunks.length > 4 && Date.now() - begun > afterMs) throw new TooLate();
        }
        return Buffer.concat(chunks);
      },
      serve: async (request: IncomingMessage, response: ServerResponse) => {
        try {
          await original(request, response);
        } catch (error) {
          if (!(error instanceof TooLate)) throw error;
          response.writeHead(status, { connection: 'close' }).end();
        }
      },
    };
  });

/** Ends over a valid event of a type that it has not thought of. */
const dying = (
  name: string,
  fault: string,
  recoveredAfterMs: number | null,
  more: MoreOfMutant = {},
): Mutant =>
  changed(
    name,
    fault,
    (model) => {
      const original = model.process.bind(model);
      return {
        process: async (event) => {
          if (event.event !== 'email.clicked' || !model.server.listening) return original(event);
          await model.stop();
          if (recoveredAfterMs !== null) {
            await sleep(recoveredAfterMs);
            await model.start();
          }
          return original(event);
        },
      };
    },
    more,
  );

export const HTTP_MUTANTS: readonly Mutant[] = [
  answering(
    'redirects-some',
    'sends campaign events to another path',
    (_, raw, right) =>
      raw.includes('"campaign.completed"')
        ? { status: 307, headers: { location: '/campaigns/' } }
        : right(),
    {
      also: {
        'content/event-types': 'the redirected type is not accepted',
        'content/examples': 'its examples are not accepted',
        'content/schema-samples': 'its samples are not accepted',
        'content/optional-null': 'its samples are not accepted',
        'content/unknown-field': 'its events are not accepted',
        'domain/no-lead-event': 'its events are not accepted',
      },
    },
  ),
  changed('hangs-on-forgery', 'never responds to invalid signatures', (model) => {
    const original = model.serve.bind(model);
    return {
      serve: async (request: IncomingMessage, response: ServerResponse) => {
        if (request.method !== 'POST' || pathOf(request) !== '/webhooks/sendemall') {
          return original(request, response);
        }
        const raw = await model.read(request);
        if (!model.verify(raw, request)) return;
        const { status, headers = {}, body } = await model.answer(raw, request);
        response.writeHead(status, headers).end(body);
      },
    };
  }),
  changed('decodes-each-packet', 'decodes each packet of the body on its own', () => ({
    read: async (request) => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      return Buffer.from(text);
    },
  })),
  changed(
    'first-packet-only',
    'takes the first packet for the whole body',
    () => ({
      read: (request) =>
        new Promise((resolve) => {
          request.once('data', (chunk: Buffer) => resolve(chunk));
          request.once('end', () => resolve(Buffer.alloc(0)));
        }),
    }),
    {
      also: {
        'content/size-limit': 'a large body comes in several packets',
        'content/long-preview': 'a long body can come in several packets',
        'http/chunked': 'chunks are packets to it',
        'http/slow-body': 'pieces are packets to it',
        'delivery/dup-race': 'the race sends the last byte apart',
        'signature/body-reserialized': 'a long body can come in several packets',
      },
    },
  ),
  givingUp('impatient', 'gives a body 350 ms when it comes in more than four pieces', 350, 408),
  givingUp('one-second-for-body', 'gives a body of more than four pieces one second', 1000, 400),
  changed(
    'leaves-last-line',
    'reads a chunked body without the line behind its last chunk',
    (model) => {
      const original = model.serve.bind(model);
      const left = new WeakSet<object>();
      return {
        serve: async (request: IncomingMessage, response: ServerResponse) => {
          if (left.has(request.socket)) {
            request.socket.destroy();
            return;
          }
          if (request.headers['transfer-encoding'] !== undefined) left.add(request.socket);
          await original(request, response);
        },
      };
    },
  ),
  answering('needs-length', 'takes a body without a length for none', (request, _, right, model) =>
    request.headers['content-length'] === undefined && request.method === 'POST'
      ? model.receive(Buffer.alloc(0), request)
      : right(),
  ),
  answering(
    'expect-hangs',
    'has a listener of its own for Expect, which never answers',
    (request, _, right) =>
      request.headers.expect === undefined ? right() : new Promise<Answer>(() => {}),
  ),
  answering('few-headers', 'takes 3 KiB of headers', (request, _, right) =>
    request.rawHeaders.join('').length > 3000 ? { status: 431 } : right(),
  ),
  changed(
    'second-on-connection',
    'keeps the first signature of a connection',
    (model) => {
      const original = model.answer.bind(model);
      return {
        answer: async (raw, request) => {
          const before = served.get(request.socket) ?? 0;
          served.set(request.socket, before + 1);
          // Bare connections only: a client that pools them would fail from the second event on.
          const bare = request.headers['user-agent'] === undefined;
          return bare && before > 0 && request.headers.connection === undefined
            ? { status: 401 }
            : original(raw, request);
        },
      };
    },
    { also: { 'delivery/aftermath': 'a second event on one connection is refused there, too' } },
  ),
  answering('any-method', 'processes every method alike', (request, raw, right, model) =>
    request.url === model.path && request.method !== 'POST' ? model.receive(raw, request) : right(),
  ),
  answering('get-throws', 'fails over a request without a body', (request, _, right) =>
    request.method === 'GET' ? { status: 500 } : right(),
  ),
  changed(
    'characters-as-length',
    'counts the characters of a response in place of its bytes',
    (model) => ({
      serve: async (request, response) => {
        const raw = await model.read(request);
        const { status } = await model.answer(raw, request);
        const name = /"lead_name":"([^"]*)"/.exec(raw.toString('utf8'))?.[1] ?? '';
        const text = `{"received":"${status < 300 ? name : ''}"}`;
        response.writeHead(status === 204 ? 200 : status, { 'content-length': text.length });
        response.end(text);
      },
    }),
  ),
  changed(
    'dies-of-a-broken-body',
    'does not catch the end of a request while it reads it',
    (model) => {
      const original = model.read.bind(model);
      return {
        read: async (request) => {
          try {
            return await original(request);
          } catch (error) {
            await model.stop();
            throw error;
          }
        },
      };
    },
  ),
  changed('stalled-bodies-block', 'has one worker, which waits for the rest of a body', (model) => {
    const original = model.read.bind(model);
    const stalled = new Set<IncomingMessage>();
    return {
      read: async (request) => {
        stalled.add(request);
        try {
          return await original(request);
        } finally {
          stalled.delete(request);
          while (stalled.size >= 1 && model.server.listening) await sleep(5);
        }
      },
    };
  }),
  changed(
    'broken-bodies-keep-places',
    'has fourteen places, and a request whose sender closes the connection keeps its own',
    (model) => {
      const original = model.serve.bind(model);
      let kept = 0;
      return {
        serve: async (request, response) => {
          while (kept >= 14 && model.server.listening) await sleep(5);
          kept += 1;
          response.once('finish', () => {
            kept -= 1;
          });
          return original(request, response);
        },
      };
    },
  ),
  changed(
    'one-request-a-connection',
    'answers one request a connection, and leaves it open',
    (model) => {
      const original = model.serve.bind(model);
      return {
        serve: async (request, response) => {
          const isAgain = used.has(request.socket);
          used.add(request.socket);
          if (!isAgain) await original(request, response);
        },
      };
    },
  ),
  changed(
    'closes-silently',
    'closes a connection after three requests without saying so',
    (model) => {
      const original = model.serve.bind(model);
      const counts = new WeakMap<object, number>();
      return {
        serve: async (request, response) => {
          const { socket } = request;
          const count = (counts.get(socket) ?? 0) + 1;
          counts.set(socket, count);
          if (count === 3) response.once('finish', () => socket.end());
          return original(request, response);
        },
      };
    },
  ),
  changed(
    'loses-second-in-packet',
    'loses what it has read beyond the end of a request',
    (model) => {
      const original = model.serve.bind(model);
      const busy = new WeakSet<object>();
      return {
        serve: async (request, response) => {
          const { socket } = request;
          if (busy.has(socket)) return;
          busy.add(socket);
          response.once('finish', () => busy.delete(socket));
          return original(request, response);
        },
      };
    },
  ),
  answering('any-path', 'is mounted for every path', (request, raw, right, model) =>
    request.method === 'POST' ? model.receive(raw, request) : right(),
  ),
  answering('empty-throws', 'fails over an empty body', (request, raw, right) =>
    raw.length === 0 && request.method === 'POST' ? { status: 500 } : right(),
  ),
  answering(
    'bare-throws',
    'fails over a request with neither a body nor a signature',
    (request, raw, right, model) =>
      raw.length === 0 && request.method === 'POST' && model.headerOf(request) === undefined
        ? { status: 500 }
        : right(),
  ),
  answering(
    'nonsense-throws',
    'reads members of what may be null',
    (request, raw, right, model) => {
      if (!model.verify(raw, request)) return right();
      try {
        const { id } = JSON.parse(raw.toString()) as { id: string };
        return id.length > 0 ? right() : { status: 400 };
      } catch {
        return { status: 500 };
      }
    },
  ),
  answering(
    'null-data-cuts',
    'reads members of data, be it there or not',
    (request, raw, right, model) => {
      if (!model.verify(raw, request) || raw[0] !== 0x7b) return right();
      const text = raw.toString();
      const lacksData = /^\{"event":"[^"]+","id":/.test(text) && !/"data": ?[{[]/.test(text);
      if (lacksData) throw new TypeError('no data');
      return right();
    },
    { without: ['effects', 'state'] },
  ),
  changed('limits-bursts', 'turns away a crowd of more than 45 requests at a time', (model) => {
    const original = model.serve.bind(model);
    let inFlight = 0;
    let peak = 0;
    return {
      serve: async (request: IncomingMessage, response: ServerResponse) => {
        inFlight += 1;
        await crowdGathers(() => inFlight);
        peak = Math.max(peak, inFlight);
        const crowded = peak > 45;
        if (crowded) await model.read(request);
        inFlight -= 1;
        if (inFlight === 0) peak = 0;
        if (!crowded) return original(request, response);
        response.writeHead(429, { 'retry-after': '1' }).end();
      },
    };
  }),
  dying('dies-of-an-event', 'an error over email.clicked ends the process', null),
  dying(
    'dies-of-an-event-supervised',
    'an error over email.clicked ends the process, and a supervisor starts it again',
    500,
    // Two that start it again would be in each other's way.
    { without: ['restart'] },
  ),
  changed(
    'lock-poisoned',
    'a thread dies over email.clicked with the lock in its hand',
    (model) => {
      const original = model.process.bind(model);
      let poisoned = false;
      return {
        process: async (event) => {
          poisoned ||= event.event === 'email.clicked';
          if (poisoned) throw new Error('the lock is poisoned');
          return original(event);
        },
      };
    },
  ),
];
