/**
 * Fields of a JSON Schema as a table, each with its badge: documented by the provider, or assumed.
 *
 * @module
 */
import { html } from 'hono/html';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly 'x-fidelity'?: string;
  readonly 'x-fidelity-source'?: string;
  readonly 'x-fidelity-reason'?: string;
}

export type Definitions = Readonly<Record<string, Schema>>;

type Html = ReturnType<typeof html>;

/** A component by reference, with the members that stand beside the reference. */
export const resolve = (schema: Schema, definitions: Definitions): Schema => {
  if (schema.$ref === undefined) return schema;
  const { $ref, ...beside } = schema;
  return { ...resolve(definitions[$ref.split('/').at(-1) ?? ''] ?? {}, definitions), ...beside };
};

export const badge = ({
  'x-fidelity': fidelity,
  'x-fidelity-source': source,
  'x-fidelity-reason': reason,
}: Schema): Html | '' =>
  fidelity === undefined
    ? ''
    : html`<span
        class="tag ${fidelity === 'documented' ? 'good' : 'wait'}"
        title="${reason ?? source ?? ''}"
        >${fidelity}</span
      >`;

/** A sentence of a spec: code in backticks, emphasis dropped. */
export const prose = (text: string | undefined): Html | string =>
  text === undefined
    ? ''
    : html`${text
        .replaceAll('**', '')
        .split('`')
        .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;

const typeOf = (schema: Schema, definitions: Definitions): string => {
  const { type, enum: values, const: value, items, anyOf, oneOf } = schema;
  if (value !== undefined) return JSON.stringify(value);
  if (values !== undefined) return values.map((one) => JSON.stringify(one)).join(' | ');
  if (items !== undefined) return `list of ${typeOf(resolve(items, definitions), definitions)}`;
  const variants = anyOf ?? oneOf;
  if (variants !== undefined) {
    return [...new Set(variants.map((one) => typeOf(resolve(one, definitions), definitions)))].join(
      ' | ',
    );
  }
  return [type ?? 'any'].flat().join(' | ');
};

const limitsOf = ({ minimum, maximum, minLength, maxLength, format }: Schema): string =>
  [
    format,
    minimum === undefined ? undefined : `≥ ${minimum}`,
    maximum === undefined ? undefined : `≤ ${maximum}`,
    minLength === undefined ? undefined : `at least ${minLength} characters`,
    maxLength === undefined ? undefined : `at most ${maxLength} characters`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');

interface Row {
  readonly path: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

const MAX_DEPTH = 5;

const rowsOf = (
  schema: Schema,
  definitions: Definitions,
  prefix: string,
  depth: number,
): readonly Row[] => {
  if (depth > MAX_DEPTH) return [];
  const inherited = (schema.allOf ?? []).flatMap((one) =>
    rowsOf(resolve(one, definitions), definitions, prefix, depth),
  );
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const field = resolve(value, definitions);
    const path = `${prefix}${name}`;
    const item = field.items === undefined ? {} : resolve(field.items, definitions);
    return [
      { path, schema: field, isRequired: schema.required?.includes(name) ?? false },
      ...rowsOf(field, definitions, `${path}.`, depth + 1),
      ...rowsOf(item, definitions, `${path}[].`, depth + 1),
    ];
  });
  return [...inherited, ...own];
};

/**
 * The fields of an object, nested ones by path.
 *
 * @param name of the object, unique on the page
 */
export const schemaTable = (name: string, schema: Schema, definitions: Definitions): Html | '' => {
  const rows = rowsOf(resolve(schema, definitions), definitions, '', 0);
  if (rows.length === 0) return '';
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Fields of ${name}">
    <table>
      <thead>
        <tr>
          <th>Field</th>
          <th>Type</th>
          <th>Meaning</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ path, schema: field, isRequired }) =>
            html`<tr>
              <td>
                <code>${path}</code> ${isRequired ? '' : html`<span class="dim">optional</span>`}
              </td>
              <td>
                <code>${typeOf(field, definitions)}</code>
                <span class="dim">${limitsOf(field)}</span>
              </td>
              <td>${prose(field.description)} ${badge(field)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
};
