import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import {
  CONTENT_TYPE,
  DELIVERY_POLICY,
  EVENT_DATA_SCHEMAS,
  EVENT_EXAMPLES,
  EVENT_SCHEMAS,
  EVENT_TYPES,
  FIDELITY,
  OPERATIONS,
  SIGNATURE,
} from '../../schemas/index.ts';

// The generator reads all its input again for each test: generous, for a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const folder = new URL('../../schemas/', import.meta.url);
const readJson = (file: string): any =>
  JSON.parse(readFileSync(new URL(`json/${file}`, folder), 'utf8'));

describe('the constants', () => {
  test('are what the guide says', () => {
    expect(EVENT_TYPES).toEqual([
      'email.sent',
      'email.delivered',
      'email.opened',
      'email.clicked',
      'email.replied',
      'email.bounced',
      'email.unsubscribed',
      'campaign.completed',
    ]);
    expect(CONTENT_TYPE).toBe('application/json');
    expect(SIGNATURE).toMatchObject({
      header: 'X-SendEmAll-Signature',
      algorithm: 'sha256',
      encoding: 'hex',
      prefix: 'sha256=',
      signedContent: 'body',
    });
    expect(DELIVERY_POLICY).toMatchObject({
      timeoutMs: 10_000,
      retryDelaysMs: [30_000, 300_000, 1_800_000],
      successFrom: 200,
      successTo: 299,
    });
  });

  test.for(['contract.ts', 'operations.ts'])(
    '%s imports nothing: it is read at start-up',
    (file) => {
      expect(readFileSync(new URL(file, folder), 'utf8')).not.toMatch(/^import|^export .* from/m);
    },
  );

  test('every module says that it is generated', () => {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
      expect(readFileSync(new URL(file, folder), 'utf8'), file).toContain('Do not edit.');
    }
  });
});

describe('the JSON Schema files', () => {
  const ajv = new Ajv2020({ strict: true });
  addFormats.default(ajv);

  test.for(EVENT_TYPES.map((type) => [type] as const))(
    '%s: compiles strictly and takes its examples',
    ([type]) => {
      const validate = ajv.compile(readJson(`${type.replace('.', '-')}.schema.json`));
      expect(EVENT_EXAMPLES[type].length).toBeGreaterThanOrEqual(2);
      for (const example of EVENT_EXAMPLES[type]) {
        expect(validate(example), ajv.errorsText(validate.errors)).toBe(true);
        expect(EVENT_SCHEMAS[type].safeParse(example).error).toBeUndefined();
        expect(EVENT_DATA_SCHEMAS[type].safeParse(example.data).error).toBeUndefined();
      }
    },
  );

  test('stand alone and carry no extension of ours', () => {
    for (const file of readdirSync(new URL('json/', folder)).filter((name) =>
      name.endsWith('.schema.json'),
    )) {
      const text = JSON.stringify(readJson(file));
      expect(text, file).not.toMatch(/"x-[a-z]/);
      expect(
        [...text.matchAll(/"\$ref":"([^"]*)"/g)]
          .map(([, ref]) => ref)
          .filter((ref) => !ref?.startsWith('#/$defs/')),
        file,
      ).toEqual([]);
    }
  });
});

describe('the bundled specs', () => {
  test.for(['asyncapi.json', 'openapi.json', 'sandbox.openapi.json'])(
    '%s: every reference is inside and leads somewhere',
    (file) => {
      const bundled = readJson(file);
      const refs = new Set(
        [...JSON.stringify(bundled).matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref]) => ref ?? ''),
      );
      expect(refs.size).toBeGreaterThan(0);
      for (const ref of refs) {
        expect(ref).toMatch(/^#\//);
        const target = ref
          .slice(2)
          .split('/')
          .reduce<any>(
            (value, name) => value?.[name.replaceAll('~1', '/').replaceAll('~0', '~')],
            bundled,
          );
        expect(target, ref).toBeTypeOf('object');
        expect(target.$ref, `${ref} points at itself`).not.toBe(ref);
      }
    },
  );

  test('AsyncAPI parses again without an error', async () => {
    const { Parser } = await import('@asyncapi/parser');
    const { diagnostics } = await new Parser().parse(readJson('asyncapi.json'));
    expect(diagnostics.map((one): number => one.severity)).not.toContain(0);
  });
});

test('every operation is listed once, with its statuses', () => {
  const ids = OPERATIONS.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(
    expect.arrayContaining([
      'createWebhook',
      'acknowledgeFailedEvent',
      'triggerEvents',
      'advanceClock',
    ]),
  );
  expect(OPERATIONS.find(({ operationId }) => operationId === 'createWebhook')).toMatchObject({
    spec: 'control',
    method: 'POST',
    path: '/v1/webhooks',
    statuses: expect.arrayContaining([201, 401, 422]),
  });
});

test('the ledger says of everything assumed why, and of everything documented where', () => {
  expect(FIDELITY.length).toBeGreaterThan(50);
  for (const grade of FIDELITY) {
    expect(grade.fidelity === 'assumed' ? grade.reason : grade.source, grade.subject).toMatch(/\S/);
  }
  expect(existsSync(new URL('json/webhook-event.schema.json', folder))).toBe(true);
});
