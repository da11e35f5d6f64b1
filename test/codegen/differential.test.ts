import fc from 'fast-check';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ZodType } from 'zod';
import * as generated from '../../schemas/index.ts';
import { documentsFor, mutated, mutations } from './arbitraries.ts';
import { specSchemas } from './oracle.ts';

const SEED = 20_260_406;
const AT_LEAST = 20_000;

/** Disagreements that are meant to be, each with its reason. There are none. */
const KNOWN: readonly {
  readonly schema: string;
  readonly document: unknown;
  readonly reason: string;
}[] = [];

const schemas = specSchemas();
const exported = generated as unknown as Record<string, ZodType | undefined>;
const published = publishedSchemas();

describe('the generated zod schemas against ajv on the spec itself', () => {
  test('every schema of the specs is generated under its name', () => {
    const missing = schemas.filter(
      ({ name }) => !exported[name]?.safeParse || !published.has(name),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  test(`agree on at least ${AT_LEAST} valid and mutated documents`, { timeout: 60_000 }, () => {
    const each = Math.ceil(AT_LEAST / schemas.length / 2);
    const disagreements: string[] = [];
    let valid = 0;
    let invalid = 0;
    for (const { name, validate, located } of schemas) {
      const zod = exported[name];
      const json = published.get(name);
      const judge = (document: unknown): void => {
        const says = validate(document);
        if (says) valid++;
        else invalid++;
        const [ours, files] = [zod?.safeParse(document).success, json?.(document)];
        if (ours === says && files === says) return;
        if (KNOWN.some((one) => one.schema === name && show(one.document) === show(document)))
          return;
        disagreements.push(`${name}: spec ${says}, zod ${ours}, file ${files}: ${show(document)}`);
      };
      const pairs = fc.tuple(documentsFor(located), mutations);
      for (const [document, done] of fc.sample(pairs, { numRuns: each, seed: SEED })) {
        judge(document);
        judge(mutated(document, done));
      }
    }
    console.log(
      `${valid + invalid} documents over ${schemas.length} schemas: ${valid} valid, ${invalid} not`,
    );
    expect(disagreements.slice(0, 20)).toEqual([]);
    expect(valid + invalid).toBeGreaterThanOrEqual(AT_LEAST);
    expect(Math.min(valid, invalid)).toBeGreaterThan(AT_LEAST / 5);
  });
});

/** The published JSON Schema files by title, compiled as strictly as ajv can. */
function publishedSchemas(): Map<string, (document: unknown) => boolean> {
  const folder = new URL('../../schemas/json/', import.meta.url);
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  addFormats.default(ajv);
  return new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith('.schema.json'))
      .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
      .map((schema) => [schema.title, ajv.compile(schema)]),
  );
}

/** Text that tells lone surrogates and -0 apart. */
function show(document: unknown): string {
  return JSON.stringify(document, (_, value: unknown) =>
    Object.is(value, -0) ? '-0' : value,
  ).slice(0, 600);
}
