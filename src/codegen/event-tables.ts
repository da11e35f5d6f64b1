/**
 * The tables at the end of the events module: schemas by event type.
 *
 * @module
 */
import type { EventSpec } from './asyncapi.ts';
import { type Documents, follow } from './documents.ts';
import { group, render } from './layout.ts';
import { objectShape } from './object-shape.ts';
import type { Registry } from './registry.ts';
import { SpecProblem } from './spec-problem.ts';
import { print } from './source-text.ts';
import { listedTexts } from './tagged-union.ts';

/** `EVENT_SCHEMAS` and `EVENT_DATA_SCHEMAS`. */
export function printEventTables(
  documents: Documents,
  registry: Registry,
  { events }: EventSpec,
): string {
  const rows = events.map(({ type, payload }) => {
    const event = registry.schemaOf(payload);
    const shape = objectShape(documents, event.found);
    const tag = shape.properties.get('event');
    const values = tag ? listedTexts(follow(documents, tag).value) : [];
    if (values.join() !== type) {
      throw new SpecProblem(
        event.found.place,
        `the message is called "${type}", so "event" must be {type: string, enum: [${type}]}.`,
      );
    }
    const data = shape.properties.get('data');
    if (!data) throw new SpecProblem(event.found.place, 'an event needs "data".');
    return { type: print(type), event: event.name, data: registry.schemaOf(data).name };
  });
  const table = (name: string, column: 'event' | 'data'): string => {
    const items = rows.map((row) => `${row.type}: ${row[column]}`);
    return `export const ${name} = ${render(group('{', items, '}'))} as const;\n`;
  };
  return `
/** The schema of each event. */
${table('EVENT_SCHEMAS', 'event')}
/** The schema of each event's \`data\`. */
${table('EVENT_DATA_SCHEMAS', 'data')}`;
}
